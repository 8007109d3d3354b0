/** Budgets as the ledger's tests hold them: in memory, or in PostgreSQL, the same tests over both. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BudgetRow, BudgetStore, Charge, Decision, Pico } from '../../gateway/index.ts';

/** A finished call as its row is stored. */
export interface StoredCall {
  readonly cost: Pico;
  readonly charges: readonly Charge[];
  readonly endedAt: number;
}

/** More of a budget for a while. `until`: epoch milliseconds. */
export interface Increase {
  readonly amount: Pico;
  readonly until: number;
}

export interface BankBudget {
  /** Of this period. */
  readonly spent: Pico;
  readonly leased: Pico;
  /** Sum of what the leases say. */
  readonly leases: Pico;
  /** Epoch milliseconds; -Infinity in the first one. */
  readonly periodStart: number;
}

export type Announcement = (verb: 'wanted' | 'freed', scope: string) => void;

export interface Bank {
  storeFor(processId: string): BudgetStore;
  open(scope: string, limit: Pico, resetsAt: number | null): Promise<void>;
  setLimit(scope: string, limit: Pico): Promise<void>;
  /** Adds to the limit until then. */
  increase(scope: string, increase: Increase): Promise<void>;
  storeCalls(calls: readonly StoredCall[]): Promise<void>;
  adopt(processId: string): Promise<void>;
  budget(scope: string): Promise<BankBudget>;
  /** What a process holds of a budget: granted and not stored. */
  held(processId: string, scope: string): Promise<Pico>;
  listen(listener: Announcement): void;
  /** Waits until everything that was announced so far has been heard. */
  heard(): Promise<void>;
}

export const PERIOD_MS = 3_600_000;
/** The period of every budget that has one. */
export const nextReset = (_duration: string, now: number): Date =>
  new Date((Math.floor(now / PERIOD_MS) + 1) * PERIOD_MS);

const NO_INCREASE: Increase = { amount: 0n, until: 0 };

interface State {
  limit: Pico;
  increase: Increase;
  spent: Pico;
  spentNext: Pico;
  periodStart: number;
  resetsAt: number | null;
  readonly leases: Map<string, { granted: Pico; stored: Pico }>;
}

const sum = (amounts: Iterable<Pico>): Pico => [...amounts].reduce((total, amount) => total + amount, 0n);
const leasedOf = ({ leases }: State): Pico =>
  sum([...leases.values()].map(({ granted, stored }) => granted - stored));

/** The budgets in a few lines: one lock for all of them, no SQL. */
export class MemoryBank implements Bank {
  readonly #states = new Map<string, State>();
  readonly #processes = new Map<string, { expiresAt: number; adopted: boolean }>();
  #listener: Announcement = () => undefined;
  #last: Promise<void> = Promise.resolve();

  /** One after the other, as under a lock. */
  #locked(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  listen(listener: Announcement): void {
    this.#listener = listener;
  }

  async heard(): Promise<void> {}

  async open(scope: string, limit: Pico, resetsAt: number | null): Promise<void> {
    const fresh = { spent: 0n, spentNext: 0n, periodStart: Number.NEGATIVE_INFINITY, leases: new Map() };
    this.#states.set(scope, { limit, increase: NO_INCREASE, resetsAt, ...fresh });
  }

  remove(scope: string): void {
    this.#states.delete(scope);
  }

  async setLimit(scope: string, limit: Pico): Promise<void> {
    Object.assign(this.#state(scope), { limit, increase: NO_INCREASE });
    this.#listener('wanted', scope);
    this.#listener('freed', scope);
  }

  async increase(scope: string, increase: Increase): Promise<void> {
    this.#state(scope).increase = increase;
    this.#listener('wanted', scope);
    this.#listener('freed', scope);
  }

  #state(scope: string): State {
    return this.#states.get(scope) as State;
  }

  #beginPeriods(now: number): void {
    for (const state of this.#states.values()) {
      if (state.resetsAt === null || state.resetsAt > now) continue;
      state.spent = state.spentNext;
      state.spentNext = 0n;
      state.periodStart = state.resetsAt;
      state.resetsAt = nextReset('', now).getTime();
    }
  }

  storeFor(processId: string): BudgetStore {
    return {
      exchange: (scopes, now, decide) =>
        this.#locked(async () => {
          await nextTurn();
          this.#beginPeriods(now);
          const known = scopes.filter((scope) => this.#states.has(scope));
          const decision = decide(new Map(known.map((scope) => [scope, this.#row(processId, scope, now)])));
          await nextTurn();
          this.#book(processId, decision);
        }),
      heartbeat: async (expiresAt) => {
        this.#processes.set(processId, { adopted: false, ...this.#processes.get(processId), expiresAt });
      },
      sweep: async (now) => {
        this.#beginPeriods(now);
        for (const [dead, { expiresAt, adopted }] of this.#processes) {
          if (!adopted || expiresAt > now) continue;
          this.#processes.delete(dead);
          for (const [scope, { leases }] of this.#states) {
            if (leases.delete(dead)) this.#listener('freed', scope);
          }
        }
      },
      leave: async () => {
        if (![...this.#states.values()].some(({ leases }) => leases.has(processId))) {
          this.#processes.delete(processId);
        }
      },
    };
  }

  #row(processId: string, scope: string, now: number): BudgetRow {
    const state = this.#state(scope);
    const { limit, increase, spent, spentNext, leases } = state;
    const lease = leases.get(processId);
    const increased = increase.until > now;
    return {
      limit: increased ? limit + increase.amount : limit,
      fallsAt: increased ? increase.until : null,
      spent: spent + spentNext,
      leased: leasedOf(state),
      lease: lease === undefined ? null : { ...lease },
    };
  }

  #book(processId: string, { granted, wanted, freed }: Decision): void {
    for (const [scope, amount] of granted) {
      const { leases } = this.#state(scope);
      const stored = leases.get(processId)?.stored ?? 0n;
      if (amount === stored) leases.delete(processId);
      else leases.set(processId, { granted: amount, stored });
    }
    for (const scope of wanted) this.#listener('wanted', scope);
    for (const scope of freed) this.#listener('freed', scope);
  }

  async storeCalls(calls: readonly StoredCall[]): Promise<void> {
    for (const { cost, charges, endedAt } of calls) {
      for (const { scope, processId, leased } of charges) {
        const state = this.#state(scope);
        if (state.resetsAt !== null && endedAt >= state.resetsAt) state.spentNext += cost;
        else if (endedAt >= state.periodStart) state.spent += cost;
        const lease = state.leases.get(processId);
        if (lease !== undefined) lease.stored += leased;
      }
    }
  }

  async adopt(processId: string): Promise<void> {
    this.#processes.set(processId, { expiresAt: 0, ...this.#processes.get(processId), adopted: true });
  }

  async budget(scope: string): Promise<BankBudget> {
    const state = this.#state(scope);
    return {
      spent: state.spent + state.spentNext,
      leased: leasedOf(state),
      leases: leasedOf(state),
      periodStart: state.periodStart,
    };
  }

  async held(processId: string, scope: string): Promise<Pico> {
    const lease = this.#state(scope).leases.get(processId);
    return lease === undefined ? 0n : lease.granted - lease.stored;
  }
}
