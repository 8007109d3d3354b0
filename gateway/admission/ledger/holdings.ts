import type { Timers } from '../../accounting/timers.ts';
import type { Logger } from '../../observe/logger.ts';
import { Exchange, GRACE_MS } from './exchange.ts';
import type { BudgetStore } from './port.ts';
import type { Keeper } from './reservation.ts';
import { Slice } from './slice.ts';
import type { Queue, Queues } from './waiting.ts';

/** What an exchange is for beside growing and shrinking slices. */
interface Purpose {
  readonly queue?: Queue | undefined;
  readonly givesBack?: boolean;
}

/** Budgets in one exchange that only gives back. */
const BATCH = 100;

export interface HoldingsOptions {
  readonly store: BudgetStore;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
  readonly queues: Queues;
  readonly keeper: Keeper;
}

/**
 * The slices of a process and their exchanges with the store. A queue is looked at, under the locks of its budgets in the
 * store, whenever something has changed, and now and then in case nobody said so. One budget has at most one exchange on
 * its way.
 */
export class Holdings {
  readonly #options: HoldingsOptions;
  readonly #slices = new Map<string, Slice>();
  readonly #running = new Set<Promise<void>>();
  #failing = false;
  #cancelPoll: (() => void) | undefined;
  /** Announcements do not arrive: nothing is held that is not needed, since nobody could ask for it. */
  deaf = true;

  constructor(options: HoldingsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#slices.size;
  }

  get all(): Slice[] {
    return [...this.#slices.values()];
  }

  get(scope: string): Slice | undefined {
    return this.#slices.get(scope);
  }

  /** Whether nothing of a budget may be held that is not needed. */
  readonly isExact = (slice: Slice): boolean =>
    this.deaf || slice.contendedUntil > this.#options.timers.now();

  /** Looks at the calls of a queue, unless that is being done, or would show nothing new. */
  serve(queue: Queue): void {
    if (queue.parked || queue.waiters.size === 0) return;
    const slices = queue.scopes.map((scope) => this.#sliceOf(scope));
    if (slices.every(({ busy }) => !busy)) this.#exchange(slices, { queue });
  }

  /**
   * Takes more money for slices that are low, while calls go on with what they hold. Where nothing is held that is not needed, and
   * where it is not known what is, that is left to the calls which need it.
   */
  refill(low: readonly Slice[]): void {
    const slices = low.filter((slice) => !slice.busy && !slice.doubtful && !this.isExact(slice));
    if (slices.length > 0) this.#exchange(slices, {});
  }

  #sliceOf(scope: string): Slice {
    const known = this.#slices.get(scope);
    if (known !== undefined) return known;
    const slice = new Slice(scope, this.#options.timers.now());
    this.#slices.set(scope, slice);
    return slice;
  }

  /** Looks at queues again: something has changed. */
  lookAgain(queues: Iterable<Queue>): void {
    for (const queue of queues) {
      queue.parked = false;
      this.serve(queue);
    }
  }

  /** Gives back what is free, of slices that nobody here waits for. */
  giveBack(slices: readonly Slice[]): void {
    const { queues } = this.#options;
    const idle = slices.filter((slice) => !slice.busy && !queues.waitFor(slice.scope));
    for (let at = 0; at < idle.length; at += BATCH)
      this.#exchange(idle.slice(at, at + BATCH), { givesBack: true });
  }

  #exchange(slices: readonly Slice[], purpose: Purpose): void {
    for (const slice of slices) slice.busy = true;
    this.#track(this.#runExchange(slices, purpose));
  }

  async #runExchange(slices: readonly Slice[], { queue, givesBack = false }: Purpose): Promise<void> {
    const { store, timers, keeper } = this.#options;
    const now = timers.now();
    const exchange = new Exchange({ slices, queue, givesBack, exact: this.isExact, now, keeper });
    const scopes = slices.map(({ scope }) => scope);
    let failed = false;
    try {
      await store.exchange(scopes, now, (rows) => exchange.decide(rows));
      exchange.commit();
      this.#failing = false;
    } catch (error) {
      failed = true;
      exchange.fail(error);
      this.#tellFailure(error);
    }
    for (const slice of slices) slice.busy = false;
    for (const slice of exchange.over) this.#slices.delete(slice.scope);
    this.#goOn(slices, failed);
  }

  /** What waited for an exchange to end. After a failure money goes back with the next tick, not at once. */
  #goOn(slices: readonly Slice[], failed: boolean): void {
    const { queues } = this.#options;
    for (const { scope } of slices) for (const queue of queues.of(scope)) this.serve(queue);
    if (!failed) this.giveBack(slices.filter((slice) => slice.free > 0n && this.isExact(slice)));
    this.#poll();
  }

  #poll(): void {
    const { queues, timers } = this.#options;
    if (queues.size === 0) return;
    this.#cancelPoll ??= timers.after(GRACE_MS, () => {
      this.#cancelPoll = undefined;
      this.lookAgain(queues);
      this.#poll();
    });
  }

  #tellFailure(error: unknown): void {
    if (!this.#failing)
      this.#options.logger.warn({ err: error }, 'budgets cannot be exchanged; it is tried again');
    this.#failing = true;
  }

  #track(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Lets work go on whose failure is told and tried again. */
  inBackground(work: Promise<void>): void {
    this.#track(work.catch((error) => this.#tellFailure(error)));
  }

  /** Gives everything back and asks nothing more of the store. */
  async close(): Promise<void> {
    this.#cancelPoll?.();
    await Promise.all(this.#running);
    this.giveBack(this.all);
    await Promise.all(this.#running);
    this.inBackground(this.#options.store.leave());
    await Promise.all(this.#running);
  }
}
