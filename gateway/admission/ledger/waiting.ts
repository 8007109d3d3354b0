import { budgetExceeded } from '../budget-exceeded.ts';
import type { Refusal, Want } from './allocate.ts';
import type { Reservation } from './reservation.ts';

export interface WaiterEvents {
  /** Others' reservations stand in its way, as it turns out for the first time. */
  readonly blocked: () => void;
  /** It waits no more. */
  readonly ended: () => void;
}

/** A call that waits for money. It ends once. */
export class Waiter implements Want {
  readonly scopes: Want['scopes'];
  readonly enforcement: Want['enforcement'];
  readonly bound: Want['bound'];
  readonly minimum: Want['minimum'];
  readonly #done = Promise.withResolvers<Reservation>();
  readonly #events: WaiterEvents;
  #waiting = true;
  /** Why it could not be admitted when it was last looked at. */
  #refusal: Refusal | undefined;
  /** When it was first blocked, and others were asked to give back what they do not need. */
  #blockedAt: number | undefined;

  constructor(want: Want, events: WaiterEvents) {
    this.scopes = want.scopes;
    this.enforcement = want.enforcement;
    this.bound = want.bound;
    this.minimum = want.minimum;
    this.#events = events;
  }

  get blockedAt(): number | undefined {
    return this.#blockedAt;
  }

  get waiting(): boolean {
    return this.#waiting;
  }

  block(refusal: Refusal, now: number): void {
    this.#refusal = refusal;
    if (this.#blockedAt !== undefined) return;
    this.#blockedAt = now;
    this.#events.blocked();
  }

  get done(): Promise<Reservation> {
    return this.#done.promise;
  }

  #end(): boolean {
    if (!this.#waiting) return false;
    this.#waiting = false;
    this.#events.ended();
    return true;
  }

  admit(reservation: Reservation): void {
    if (this.#end()) this.#done.resolve(reservation);
    else reservation.release();
  }

  refuse(error: unknown): void {
    if (this.#end()) this.#done.reject(error);
  }

  /** Refuses a call that was blocked for too long. */
  giveUp(): void {
    if (this.#refusal !== undefined) this.refuse(budgetExceeded(this.#refusal));
  }
}

/** The calls that wait for the same budgets, in the order in which they came. */
export class Queue {
  readonly scopes: readonly string[];
  readonly waiters = new Set<Waiter>();
  /** The budgets that have too little for one of them. */
  readonly short = new Set<string>();
  /** Nothing has changed since they were looked at. */
  parked = false;

  constructor(scopes: readonly string[]) {
    this.scopes = scopes;
  }
}

const nameOf = (scopes: readonly string[]): string => JSON.stringify(scopes);

/** All queues of a process, found by their budgets. */
export class Queues implements Iterable<Queue> {
  readonly #byName = new Map<string, Queue>();
  readonly #byScope = new Map<string, Set<Queue>>();

  [Symbol.iterator](): IterableIterator<Queue> {
    return this.#byName.values();
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The queues that wait for this budget among others. */
  of(scope: string): Iterable<Queue> {
    return this.#byScope.get(scope) ?? [];
  }

  /** Whether somebody waits because of this budget. */
  waitFor(scope: string): boolean {
    const queues = this.#byScope.get(scope);
    return queues !== undefined && [...queues].some(({ short }) => short.has(scope));
  }

  /** Puts a waiter at the end of its queue, for want of the budgets that are `short`. */
  join(waiter: Waiter, short: readonly string[]): Queue {
    const queue = this.#queueFor(waiter.scopes);
    for (const scope of short) queue.short.add(scope);
    queue.waiters.add(waiter);
    queue.parked = false;
    return queue;
  }

  #queueFor(scopes: readonly string[]): Queue {
    const known = this.#byName.get(nameOf(scopes));
    if (known !== undefined) return known;
    const queue = new Queue(scopes);
    this.#byName.set(nameOf(scopes), queue);
    for (const scope of scopes) {
      const queues = this.#byScope.get(scope) ?? new Set();
      this.#byScope.set(scope, queues.add(queue));
    }
    return queue;
  }

  /** Takes a waiter out, and its queue when that was the last one. */
  leave(waiter: Waiter): void {
    const queue = this.#byName.get(nameOf(waiter.scopes));
    queue?.waiters.delete(waiter);
    if (queue === undefined || queue.waiters.size > 0) return;
    this.#byName.delete(nameOf(queue.scopes));
    for (const scope of queue.scopes) {
      const queues = this.#byScope.get(scope);
      queues?.delete(queue);
      if (queues?.size === 0) this.#byScope.delete(scope);
    }
  }
}
