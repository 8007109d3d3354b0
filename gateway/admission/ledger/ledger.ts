import type { Timers } from '../../accounting/timers.ts';
import { GatewayError } from '../../http/errors.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Want } from './allocate.ts';
import { Holdings } from './holdings.ts';
import type { BudgetStore } from './port.ts';
import { type Keeper, type Reservation, SliceReservation } from './reservation.ts';
import type { Slice } from './slice.ts';
import { Queues, Waiter } from './waiting.ts';

const SECOND = 1000;
/** How long a call waits that is blocked by others' reservations alone; the store has limits of its own. */
const PATIENCE_MS = 2 * SECOND;
/** How long others' need is remembered: longer than they wait. */
const CONTENDED_MS = PATIENCE_MS + SECOND / 2;
/** A slice is refilled where it is to hold so many calls at least. */
const LEAST_REFILL = 4n;
const TICK_MS = SECOND;
/** Money that nobody has used for so long goes back. */
const IDLE_MS = 5 * SECOND;
const HEARTBEAT_MS = 5 * SECOND;
/** How long a process is believed to live without a word. */
const LEASE_MS = 15 * SECOND;
const SWEEP_MS = 10 * SECOND;

export interface LedgerOptions {
  readonly store: BudgetStore;
  readonly processId: string;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
}

export interface ReserveRequest extends Want {
  /** Whether it waits while others' reservations stand in its way; else it is refused then. */
  readonly patient: boolean;
  /** Aborted when the client is gone: there is nobody to wait for then. */
  readonly signal?: AbortSignal;
}

/**
 * The budgets as this process spends them. Money is taken from the store in slices, so that most calls ask nobody; near a
 * limit a slice is what is needed and no more. A call whose slices hold too little waits in a queue.
 * See docs/decisions/2026-11-28-budgets-are-leased-in-slices.md.
 */
export class Ledger implements Keeper {
  readonly processId: string;
  readonly #store: BudgetStore;
  readonly #timers: Timers;
  readonly #queues = new Queues();
  readonly #holdings: Holdings;
  #heartbeatAt = 0;
  #sweptAt = 0;
  readonly #closing = new AbortController();
  #cancelTick: () => void = () => undefined;

  constructor({ store, processId, timers, logger }: LedgerOptions) {
    this.processId = processId;
    this.#store = store;
    this.#timers = timers;
    this.#holdings = new Holdings({ store, timers, logger, queues: this.#queues, keeper: this });
    this.#waitForTick();
  }

  /** Budgets that something is held of. */
  get size(): number {
    return this.#holdings.size;
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
    // Near a limit a slice holds hardly more than a call: refilling it would ask the store for each of them.
    const low = slices.filter((slice) => slice.low && slice.appetite >= LEAST_REFILL * request.bound);
    if (low.length > 0) this.#holdings.refill(low);
    return new SliceReservation(request.bound, slices, this);
  }

  /** The slice of a budget when it holds enough for a call, and nobody else waits for it. */
  #sliceFor(scope: string, { bound, enforcement }: Want): Slice | undefined {
    const slice = this.#holdings.get(scope);
    const enough = enforcement === 'compatible' && bound === 0n ? 1n : bound;
    if (slice === undefined || slice.mustAsk || slice.free < enough) return undefined;
    if (slice.fallsAt <= this.#timers.now()) return undefined;
    return this.#queues.waitFor(scope) ? undefined : slice;
  }

  /** The slices of a call that can be served from them. */
  #slicesFor(want: Want): Slice[] | undefined {
    const slices: Slice[] = [];
    for (const scope of want.scopes) {
      const slice = this.#sliceFor(scope, want);
      if (slice === undefined) return undefined;
      slices.push(slice);
    }
    return slices;
  }

  #wait(request: ReserveRequest): Promise<Reservation> {
    const { signal, scopes } = request;
    if (signal?.aborted) return Promise.reject(signal.reason);
    let cancelTimer = (): void => undefined;
    const leave = (): void => waiter.refuse(signal?.reason);
    const waiter: Waiter = new Waiter(request, {
      blocked: () => {
        if (!request.patient) waiter.giveUp();
        else cancelTimer = this.#timers.after(PATIENCE_MS, () => waiter.giveUp());
      },
      ended: () => {
        cancelTimer();
        signal?.removeEventListener('abort', leave);
        this.#queues.leave(waiter);
      },
    });
    signal?.addEventListener('abort', leave);
    const short = scopes.filter((scope) => this.#sliceFor(scope, request) === undefined);
    this.#holdings.serve(this.#queues.join(waiter, short));
    return waiter.done;
  }

  /** A reservation has ended: whoever waits may go on, here before elsewhere. */
  released(slices: readonly Slice[]): void {
    for (const slice of slices) {
      if (this.#queues.waitFor(slice.scope)) this.#holdings.lookAgain(this.#queues.of(slice.scope));
      else if (slice.free > 0n && !slice.lost && this.#holdings.isExact(slice))
        this.#holdings.giveBack([slice]);
    }
  }

  /** Somebody needs more of a budget than is left: what is not needed here goes back, now and for a while. */
  wanted(scope: string): void {
    const slice = this.#holdings.get(scope);
    if (slice === undefined) return;
    slice.contendedUntil = this.#timers.now() + CONTENDED_MS;
    slice.mustAsk = true;
    if (slice.free > 0n || slice.doubtful) this.#holdings.giveBack([slice]);
  }

  /** There may be more of a budget than before. */
  freed(scope: string): void {
    this.#holdings.lookAgain(this.#queues.of(scope));
  }

  /** Whether announcements arrive from now on. */
  hears(hearing: boolean): void {
    this.#holdings.deaf = !hearing;
    if (hearing) this.#holdings.lookAgain(this.#queues);
    else this.#holdings.giveBack(this.#holdings.all.filter(({ free }) => free > 0n));
  }

  #waitForTick(): void {
    this.#cancelTick = this.#timers.after(TICK_MS, () => {
      this.#waitForTick();
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#timers.now();
    const due = this.#holdings.all.filter((slice) => this.#isDue(slice, now));
    this.#holdings.giveBack(due);
    for (const slice of due) slice.usedAt = now;
    if (this.size > 0 && now - this.#heartbeatAt >= HEARTBEAT_MS) {
      this.#heartbeatAt = now;
      this.#holdings.inBackground(this.#store.heartbeat(now + LEASE_MS));
    }
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    this.#holdings.inBackground(this.#store.sweep(now, this.#closing.signal));
  }

  /** Whether something should go back, or the store be asked whether a lease is over. */
  #isDue(slice: Slice, now: number): boolean {
    if (slice.doubtful || (slice.free > 0n && this.#holdings.isExact(slice))) return true;
    return now - slice.usedAt >= IDLE_MS && (slice.free > 0n || slice.reserved === 0n);
  }

  /**
   * Gives back everything, once all calls are over and their rows stored. What could not be given back, and what belongs
   * to rows that are not stored, stays leased until this process is adopted.
   */
  async close(): Promise<void> {
    this.#cancelTick();
    this.#closing.abort();
    const ending = new GatewayError('draining', 'The gateway is restarting; try again in a moment');
    for (const queue of [...this.#queues]) for (const waiter of [...queue.waiters]) waiter.refuse(ending);
    await this.#holdings.close();
  }
}
