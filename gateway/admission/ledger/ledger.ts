import type { Timers } from '../../accounting/timers.ts';
import { GatewayError } from '../../http/errors.ts';
import type { Logger } from '../../observe/logger.ts';
import { budgetExceeded } from '../budget-exceeded.ts';
import type { Want } from './allocate.ts';
import { Exchange, GRACE_MS } from './exchange.ts';
import type { BudgetStore } from './port.ts';
import { type Keeper, type Reservation, SliceReservation } from './reservation.ts';
import { Slice } from './slice.ts';
import { type Queue, Queues, Waiter } from './waiting.ts';

const SECOND = 1000;
/** How long a call waits that is blocked by others' reservations alone. */
const PATIENCE_MS = 2 * SECOND;
/** How long others' need is remembered: longer than they wait. */
const CONTENDED_MS = PATIENCE_MS + SECOND / 2;
const TICK_MS = SECOND;
/** Money that nobody has used for so long goes back. */
const IDLE_MS = 5 * SECOND;
const HEARTBEAT_MS = 5 * SECOND;
/** How long a process is believed to live without a word. */
const LEASE_MS = 15 * SECOND;
const SWEEP_MS = 10 * SECOND;
/** Budgets in one exchange that only gives back. */
const BATCH = 100;

export interface LedgerOptions {
  readonly store: BudgetStore;
  readonly processId: string;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
}

export interface ReserveRequest extends Want {
  /** Aborted when the client is gone: there is nobody to wait for then. */
  readonly signal?: AbortSignal;
}

/**
 * The budgets as this process spends them. Money is taken from the store in slices, so that most calls ask nobody; near a
 * limit a slice is what is needed and no more. See docs/decisions/2026-11-28-budgets-are-leased-in-slices.md.
 *
 * A call whose slices hold too little waits in a queue. A queue is looked at, under the locks of its budgets in the
 * store, whenever something has changed, and now and then in case nobody said so. One budget has at most one exchange on
 * its way.
 */
export class Ledger implements Keeper {
  readonly processId: string;
  readonly #store: BudgetStore;
  readonly #timers: Timers;
  readonly #logger: LedgerOptions['logger'];
  readonly #slices = new Map<string, Slice>();
  readonly #queues = new Queues();
  readonly #running = new Set<Promise<void>>();
  readonly #exact = (slice: Slice): boolean => this.#deaf || slice.contendedUntil > this.#timers.now();
  /** Announcements do not arrive: nothing is held that is not needed, since nobody could ask for it. */
  #deaf = true;
  #failing = false;
  #heartbeatAt = 0;
  #sweptAt = 0;
  #cancelTick: () => void = () => undefined;
  #cancelPoll: (() => void) | undefined;

  constructor({ store, processId, timers, logger }: LedgerOptions) {
    this.processId = processId;
    this.#store = store;
    this.#timers = timers;
    this.#logger = logger;
    this.#waitForTick();
  }

  /** Budgets that something is held of. */
  get size(): number {
    return this.#slices.size;
  }

  /**
   * Sets `bound` aside in all of these budgets or in none; at once where the slices hold enough. A call that can make do
   * with less may get a quarter of what is left of a budget that it would exhaust, but not less than `minimum`.
   * Throws, by the promise, GatewayError budget_exceeded and database_unavailable, and the signal's reason.
   */
  reserve(request: ReserveRequest): Reservation | Promise<Reservation> {
    const slices = this.#slicesFor(request);
    if (slices === undefined) return this.#wait(request);
    const now = this.#timers.now();
    for (const slice of slices) {
      slice.reserve(request.bound);
      slice.usedAt = now;
    }
    return new SliceReservation(request.bound, slices, this);
  }

  #holdsEnough(scope: string, { bound, enforcement }: Want): boolean {
    const slice = this.#slices.get(scope);
    const enough = enforcement === 'compatible' && bound === 0n ? 1n : bound;
    // Whoever waits for it comes first.
    return slice !== undefined && !slice.over && slice.free >= enough && !this.#queues.waitFor(scope);
  }

  /** The slices of a call that can be served from them. */
  #slicesFor(want: Want): Slice[] | undefined {
    const slices: Slice[] = [];
    for (const scope of want.scopes) {
      if (!this.#holdsEnough(scope, want)) return undefined;
      slices.push(this.#slices.get(scope) as Slice);
    }
    return slices;
  }

  #wait(request: ReserveRequest): Promise<Reservation> {
    const { signal } = request;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const leave = (): void => waiter.refuse(signal?.reason);
    const waiter = new Waiter(request, () => {
      cancelTimer();
      signal?.removeEventListener('abort', leave);
      this.#queues.leave(waiter);
    });
    const cancelTimer = this.#timers.after(PATIENCE_MS, () => waiter.refuse(outOfPatience(waiter)));
    signal?.addEventListener('abort', leave);
    const queue = this.#queues.for(request.scopes);
    for (const scope of request.scopes) if (!this.#holdsEnough(scope, request)) queue.short.add(scope);
    queue.waiters.add(waiter);
    queue.parked = false;
    this.#serve(queue);
    return waiter.done;
  }

  /** Looks at the calls of a queue, unless that is being done, or would show nothing new. */
  #serve(queue: Queue): void {
    if (queue.parked || queue.waiters.size === 0) return;
    const slices = queue.scopes.map((scope) => this.#sliceOf(scope));
    if (slices.every(({ busy }) => !busy)) this.#exchange(slices, queue);
  }

  #sliceOf(scope: string): Slice {
    const known = this.#slices.get(scope);
    if (known !== undefined) return known;
    const slice = new Slice(scope, this.#timers.now());
    this.#slices.set(scope, slice);
    return slice;
  }

  #exchange(slices: readonly Slice[], queue?: Queue): void {
    for (const slice of slices) slice.busy = true;
    const running = this.#runExchange(slices, queue).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #runExchange(slices: readonly Slice[], queue: Queue | undefined): Promise<void> {
    const now = this.#timers.now();
    const exchange = new Exchange({ slices, queue, exact: this.#exact, now, keeper: this });
    const scopes = slices.map(({ scope }) => scope);
    let failed = false;
    try {
      await this.#store.exchange(scopes, now, (rows) => exchange.decide(rows));
      exchange.commit();
      this.#failing = false;
    } catch (error) {
      failed = true;
      exchange.fail(error);
      this.#tellFailure(error);
    }
    for (const slice of slices) slice.busy = false;
    for (const slice of exchange.lost) this.#slices.delete(slice.scope);
    this.#goOn(slices, failed);
  }

  /** What waited for an exchange to end. After a failure money goes back with the next tick, not at once. */
  #goOn(slices: readonly Slice[], failed: boolean): void {
    for (const { scope } of slices) for (const queue of this.#queues.of(scope)) this.#serve(queue);
    if (!failed) this.#giveBack(slices.filter((slice) => slice.free > 0n && this.#exact(slice)));
    if (this.#queues.size > 0) this.#cancelPoll ??= this.#timers.after(GRACE_MS, () => this.#poll());
  }

  #poll(): void {
    this.#cancelPoll = undefined;
    this.#lookAgain(this.#queues);
    if (this.#queues.size > 0) this.#cancelPoll ??= this.#timers.after(GRACE_MS, () => this.#poll());
  }

  #lookAgain(queues: Iterable<Queue>): void {
    for (const queue of queues) {
      queue.parked = false;
      this.#serve(queue);
    }
  }

  /** Gives back what is free, of slices that nobody here waits for. */
  #giveBack(slices: readonly Slice[]): void {
    const idle = slices.filter((slice) => !slice.busy && !this.#queues.waitFor(slice.scope));
    for (let at = 0; at < idle.length; at += BATCH) this.#exchange(idle.slice(at, at + BATCH));
  }

  #tellFailure(error: unknown): void {
    if (!this.#failing) this.#logger.warn({ err: error }, 'budgets cannot be exchanged; it is tried again');
    this.#failing = true;
  }

  /** A reservation has ended: whoever waits may go on, here before elsewhere. */
  released(slices: readonly Slice[]): void {
    for (const slice of slices) {
      if (this.#queues.waitFor(slice.scope)) this.#lookAgain(this.#queues.of(slice.scope));
      else if (slice.free > 0n && !slice.lost && this.#exact(slice)) this.#giveBack([slice]);
    }
  }

  /** Somebody needs more of a budget than is left: what is not needed here goes back, now and for a while. */
  wanted(scope: string): void {
    const slice = this.#slices.get(scope);
    if (slice === undefined) return;
    slice.contendedUntil = this.#timers.now() + CONTENDED_MS;
    if (slice.free > 0n) this.#giveBack([slice]);
  }

  /** There may be more of a budget than before. */
  freed(scope: string): void {
    this.#lookAgain(this.#queues.of(scope));
  }

  /** Whether announcements arrive from now on. */
  hears(hearing: boolean): void {
    this.#deaf = !hearing;
    if (hearing) this.#lookAgain(this.#queues);
    else this.#giveBack([...this.#slices.values()].filter(({ free }) => free > 0n));
  }

  #waitForTick(): void {
    this.#cancelTick = this.#timers.after(TICK_MS, () => {
      this.#waitForTick();
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#timers.now();
    const due = [...this.#slices.values()].filter((slice) => this.#isDue(slice, now));
    this.#giveBack(due.filter(({ empty }) => !empty));
    for (const slice of due) {
      if (slice.empty && !slice.busy && [...this.#queues.of(slice.scope)].length === 0) {
        this.#slices.delete(slice.scope);
      } else slice.usedAt = now;
    }
    if (this.#slices.size > 0 && now - this.#heartbeatAt >= HEARTBEAT_MS) {
      this.#heartbeatAt = now;
      this.#inBackground(this.#store.heartbeat(now + LEASE_MS));
    }
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    this.#inBackground(this.#store.sweep(now));
  }

  /** Whether something should go back, or the store be asked whether a lease is over. */
  #isDue(slice: Slice, now: number): boolean {
    if (slice.doubtful || (slice.free > 0n && this.#exact(slice))) return true;
    return now - slice.usedAt >= IDLE_MS && (slice.free > 0n || slice.reserved === 0n);
  }

  #inBackground(work: Promise<void>): void {
    const running = work
      .catch((error) => this.#tellFailure(error))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /**
   * Gives back everything, once all calls are over and their rows stored. What could not be given back, and what belongs
   * to rows that are not stored, stays leased until this process is adopted.
   */
  async close(): Promise<void> {
    this.#cancelTick();
    this.#cancelPoll?.();
    for (const queue of [...this.#queues]) {
      for (const waiter of [...queue.waiters]) {
        waiter.refuse(new GatewayError('draining', 'The gateway is restarting; try again in a moment'));
      }
    }
    await Promise.all(this.#running);
    this.#giveBack([...this.#slices.values()].filter(({ empty }) => !empty));
    await Promise.all(this.#running);
    await this.#store.leave().catch((error) => this.#tellFailure(error));
  }
}

function outOfPatience({ refusal }: Waiter): GatewayError {
  if (refusal !== undefined) return budgetExceeded(refusal);
  return new GatewayError(
    'database_unavailable',
    'The budgets could not be read in time; try again in a moment',
    {
      headers: { 'retry-after': '5' },
    },
  );
}
