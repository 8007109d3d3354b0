/** Some gateway processes over one bank, and a reference of what may be reserved: sums over a list of calls. */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  type BudgetStore,
  type Charge,
  Ledger,
  type Pico,
  type Reservation,
  type Timers,
} from '../../gateway/index.ts';
import { type Bank, type Increase, PERIOD_MS, type StoredCall } from './budget-bank.ts';
import { ManualTimers } from './manual-timers.ts';

const HOUR = 3_600_000;
export const START = 500_000 * HOUR;
const WAIT_MS = 2000;
const MOST_WAITS = 5;
const CUT = 4n;

/** A budget for an hour beside the whole of the team's. */
const WINDOW = 'window:["1h","team:t"]';
export const SCOPES = ['key:a', 'key:b', 'team:t', WINDOW] as const;
/** Budgets that calls name together; the second and the third meet in the team's. */
export const BUDGETS: readonly (readonly string[])[] = [
  ['key:a'],
  ['key:a', 'team:t', WINDOW],
  ['key:b', 'team:t', WINDOW],
];
/** The budgets that begin anew every hour. */
const periodic: readonly string[] = ['key:b', WINDOW];

export interface CallWish {
  readonly budgets: readonly string[];
  readonly bound: Pico;
  readonly minimum: Pico;
}

/** One admitted call, as the reference knows it. */
interface ModelCall {
  readonly process: Process;
  readonly scopes: readonly string[];
  readonly reservation: Reservation;
  state: 'reserved' | 'settled' | 'stored';
  cost: Pico;
  endedAt: number;
  charges: readonly Charge[];
}

interface Process {
  readonly id: string;
  readonly ledger: Ledger;
  alive: boolean;
}

/** When the connection breaks: before anything was asked, before it was booked, or before that was heard of. */
export type Fault = 'before' | 'between' | 'after';

export class LedgerWorld {
  readonly #bank: Bank;
  readonly #enforcement: 'strict' | 'compatible';
  readonly #timers: ManualTimers;
  readonly #processes: Process[] = [];
  readonly #dead = new Set<Process>();
  readonly #calls: ModelCall[] = [];
  readonly #limits = new Map<string, Pico>();
  readonly #increases = new Map<string, Increase>();
  /** What was allowed at the last check. */
  readonly #allowed = new Map<string, Pico>();
  /** What was spent or reserved at the last check. */
  readonly #exposures = new Map<string, Pico>();
  /** Announcements are lost. */
  silent = false;
  /** Some were: a process may not know that another one's call has crossed the line. */
  #unheard = false;
  /** The largest call so far. */
  #largest = 0n;
  #fault: Fault | undefined;
  #running = 0;
  /** The store was asked for something since everything was last at rest. */
  #asked = false;
  /** Something may have been announced that is not heard yet. */
  #announced = false;

  constructor(bank: Bank, enforcement: 'strict' | 'compatible') {
    this.#bank = bank;
    this.#enforcement = enforcement;
    this.#timers = new ManualTimers(START, () => this.#rest());
    bank.listen((verb, scope) => {
      if (this.silent) {
        this.#unheard = true;
        return;
      }
      for (const { ledger, alive } of this.#processes) if (alive) ledger[verb](scope);
    });
  }

  async open(limits: Readonly<Record<string, Pico>>, processes: number): Promise<void> {
    for (const [scope, limit] of Object.entries(limits)) {
      this.#limits.set(scope, limit);
      await this.#bank.open(scope, limit, periodic.includes(scope) ? START + PERIOD_MS : null);
    }
    for (let slot = 0; slot < processes; slot++) this.#processes.push(this.#start());
  }

  /** Every process ends, so that its timers do. */
  async close(): Promise<void> {
    this.silent = true;
    for (const process of this.#processes) process.alive = false;
    await this.#rest();
  }

  #start(): Process {
    const process: { -readonly [K in keyof Process]: Process[K] } = {
      id: randomUUID(),
      alive: true,
      ledger: undefined as never,
    };
    const timers: Timers = {
      now: () => this.#timers.now(),
      after: (delayMs, work) => this.#timers.after(delayMs, () => process.alive && work()),
    };
    process.ledger = new Ledger({
      store: this.#watched(this.#bank.storeFor(process.id)),
      processId: process.id,
      timers,
      logger: { warn: () => undefined } as never,
    });
    process.ledger.hears(true);
    return process;
  }

  /** A store whose work is known, and whose connection breaks when the test says so. */
  #watched(store: BudgetStore): BudgetStore {
    const watch = async (work: () => Promise<void>): Promise<void> => {
      this.#running++;
      this.#asked = true;
      this.#announced = true;
      try {
        await work();
      } finally {
        this.#running--;
      }
    };
    return {
      exchange: (scopes, now, decide) =>
        watch(async () => {
          const fault = this.#fault;
          this.#fault = undefined;
          if (fault === 'before') throw new Error('the connection broke');
          await store.exchange(scopes, now, (rows) => {
            const decision = decide(rows);
            if (fault === 'between') throw new Error('the connection broke');
            return decision;
          });
          if (fault === 'after') throw new Error('the connection broke');
        }),
      heartbeat: (expiresAt) => watch(() => store.heartbeat(expiresAt)),
      sweep: (now) => watch(() => store.sweep(now)),
      leave: () => watch(() => store.leave()),
    };
  }

  async #rest(): Promise<void> {
    do {
      this.#asked = false;
      while (this.#running > 0) await nextTurn();
      if (this.#announced) await this.#bank.heard();
      this.#announced = this.#asked;
      for (let turn = 0; turn < 4; turn++) await nextTurn();
    } while (this.#asked || this.#announced);
  }

  breakNextExchange(fault: Fault): void {
    this.#fault = fault;
  }

  async pass(spanMs: number): Promise<void> {
    await this.#timers.pass(spanMs);
  }

  /** The machine sleeps. */
  async sleep(spanMs: number): Promise<void> {
    this.#timers.jump(spanMs);
    await this.#timers.pass(0);
  }

  /** What is allowed now. */
  #limit(scope: string): Pico {
    const { amount, until } = this.#increases.get(scope) ?? { amount: 0n, until: 0 };
    return (this.#limits.get(scope) as Pico) + (until > this.#timers.now() ? amount : 0n);
  }

  #process(slot: number): Process {
    return this.#processes[slot % this.#processes.length] as Process;
  }

  #periodStart(scope: string): number {
    const now = this.#timers.now();
    if (!periodic.includes(scope) || now < START + PERIOD_MS) return Number.NEGATIVE_INFINITY;
    return Math.floor(now / PERIOD_MS) * PERIOD_MS;
  }

  #sum(scope: string, amountOf: (call: ModelCall) => Pico): Pico {
    const calls = this.#calls.filter(({ scopes }) => scopes.includes(scope));
    return calls.reduce((total, call) => total + amountOf(call), 0n);
  }

  /** What calls cost in this period, and what running ones may cost. */
  #exposure(scope: string): Pico {
    const periodStart = this.#periodStart(scope);
    return this.#sum(scope, ({ state, reservation, cost, endedAt }) => {
      if (state === 'reserved') return reservation.amount;
      return endedAt < periodStart ? 0n : cost;
    });
  }

  /** What takes up room: the same, and what ended in the last period but is not stored, since it is leased until then. */
  #used(scope: string): Pico {
    const periodStart = this.#periodStart(scope);
    return this.#sum(scope, ({ state, process, reservation, cost, endedAt }) => {
      if (state === 'stored') return endedAt < periodStart ? 0n : cost;
      // What a dead process has is in what it holds.
      if (!process.alive) return 0n;
      return state === 'reserved' ? reservation.amount : cost;
    });
  }

  async #left(scope: string): Promise<Pico> {
    const dead = await Promise.all([...this.#dead].map(({ id }) => this.#bank.held(id, scope)));
    const lost = dead.reduce((total, held) => total + held, 0n);
    return this.#limit(scope) - this.#used(scope) - lost;
  }

  /** What the call should get; undefined when it should be refused. */
  async #expected({ budgets, bound, minimum }: CallWish): Promise<Pico | undefined> {
    let amount = bound;
    for (const scope of budgets) {
      const left = await this.#left(scope);
      if (this.#enforcement === 'compatible') {
        if (left <= 0n) return undefined;
        continue;
      }
      if (left >= bound) continue;
      const cut = left / CUT;
      if (minimum >= bound || cut < minimum) return undefined;
      if (cut < amount) amount = cut;
    }
    return amount;
  }

  /** Asks for money as a call does, and waits for the answer. */
  async #ask(slot: number, wish: CallWish): Promise<Reservation | undefined> {
    const { budgets: scopes, bound, minimum } = wish;
    const process = this.#process(slot);
    const asked = process.ledger.reserve({
      scopes,
      bound,
      minimum,
      enforcement: this.#enforcement,
      patient: true,
    });
    const outcome = Promise.resolve(asked).catch((error) => {
      if (error.code !== 'budget_exceeded' && error.message !== 'the connection broke') throw error;
      return undefined;
    });
    const reservation = await this.#waitFor(outcome);
    if (reservation === undefined) return undefined;
    const call = {
      process,
      scopes,
      reservation,
      state: 'reserved',
      cost: 0n,
      endedAt: 0,
      charges: [],
    } as const;
    this.#calls.push({ ...call });
    if (bound > this.#largest) this.#largest = bound;
    return reservation;
  }

  async #waitFor<T>(outcome: Promise<T>): Promise<T> {
    let over = false;
    const done = outcome.finally(() => {
      over = true;
    });
    // Its patience begins when it is first blocked, which a broken connection puts off.
    for (let waits = 0; !over && waits < MOST_WAITS; waits++) await this.#timers.pass(WAIT_MS, () => over);
    if (!over) throw new Error(`a call was neither admitted nor refused within ${MOST_WAITS * WAIT_MS} ms`);
    return done;
  }

  /** One call: it is admitted exactly when the reference says so; with losses and faults, at most then. */
  async reserve(slot: number, wish: CallWish): Promise<void> {
    const certain = !this.silent && this.#fault === undefined;
    const informed = this.#enforcement === 'strict' || !this.#unheard;
    const before = await this.#expected(wish);
    const count = this.#calls.length;
    const reservation = await this.#ask(slot, wish);
    const mine = this.#calls.splice(count);
    const after = await this.#expected(wish);
    this.#calls.push(...mine);
    const got = reservation?.amount;
    if (got !== undefined) {
      if (informed) expect(before !== undefined || after !== undefined).toBe(true);
      expect(got).toBeGreaterThanOrEqual(wish.minimum);
    }
    if (got !== undefined && !(certain && informed)) return;
    if (certain && before === after) expect(got).toBe(before);
  }

  /** Many calls at once, on all processes: exactly as many are admitted as fit. */
  async burst(count: number, wish: CallWish): Promise<void> {
    const lefts = await Promise.all(wish.budgets.map((scope) => this.#left(scope)));
    const certain = !this.silent && this.#fault === undefined && this.#enforcement === 'strict';
    const room = lefts.reduce((one, other) => (one < other ? one : other));
    const whole = { ...wish, minimum: wish.bound };
    const answers = await Promise.all(Array.from({ length: count }, (_, slot) => this.#ask(slot, whole)));
    const admitted = BigInt(answers.filter((answer) => answer !== undefined).length);
    const fit = room < 0n ? 0n : room / wish.bound;
    if (certain && room === (await this.#roomBefore(wish, admitted))) {
      expect(admitted).toBe(fit < BigInt(count) ? fit : BigInt(count));
    }
  }

  /** What was left before the last calls, as it looks now: less when time has changed something else meanwhile. */
  async #roomBefore({ budgets, bound }: CallWish, admitted: Pico): Promise<Pico> {
    const lefts = await Promise.all(budgets.map((scope) => this.#left(scope)));
    return lefts.reduce((one, other) => (one < other ? one : other)) + admitted * bound;
  }

  /** Ends a running call at so many per cent of what is reserved for it. */
  async settle(pick: number, percent: number): Promise<void> {
    const running = this.#calls.filter(({ state, process }) => state === 'reserved' && process.alive);
    const call = running[pick % running.length];
    if (call === undefined) return;
    this.#end(call, (call.reservation.amount * BigInt(percent)) / 100n);
    expect(call.reservation.settle(1n)).toEqual([]);
    await this.#rest();
  }

  #end(call: ModelCall, cost: Pico): void {
    call.state = 'settled';
    call.cost = cost;
    call.endedAt = this.#timers.now();
    call.charges = call.reservation.settle(cost);
  }

  /** Stores the rows of a process's finished calls. */
  async store(process: Process | number): Promise<void> {
    const owner = typeof process === 'number' ? this.#process(process) : process;
    const finished = this.#calls.filter((call) => call.process === owner && call.state === 'settled');
    const rows: StoredCall[] = finished.map(({ cost, charges, endedAt }) => ({ cost, charges, endedAt }));
    await this.#bank.storeCalls(rows);
    for (const call of finished) call.state = 'stored';
  }

  /** Kills a process; another one starts in its place. What its running calls cost is found in its journal. */
  crash(slot: number, percent: number): void {
    const process = this.#process(slot);
    process.alive = false;
    for (const call of this.#calls) {
      if (call.process === process && call.state === 'reserved') {
        this.#end(call, (call.reservation.amount * BigInt(percent)) / 100n);
      }
    }
    this.#dead.add(process);
    this.#processes[this.#processes.indexOf(process)] = this.#start();
  }

  /** Stores the journal of a dead process, and says so. */
  async adopt(pick: number): Promise<void> {
    const process = [...this.#dead][pick % Math.max(1, this.#dead.size)];
    if (process === undefined) return;
    await this.store(process);
    await this.#bank.adopt(process.id);
  }

  async setLimit(scope: string, limit: Pico): Promise<void> {
    this.#limits.set(scope, limit);
    // Whoever sets a limit sets the whole of it.
    this.#increases.delete(scope);
    await this.#changeLimit(() => this.#bank.setLimit(scope, limit));
  }

  /** Allows more for so long; then that is over, whatever runs and hears. */
  async increase(scope: string, amount: Pico, spanMs: number): Promise<void> {
    const increase = { amount, until: this.#timers.now() + spanMs };
    this.#increases.set(scope, increase);
    await this.#changeLimit(() => this.#bank.increase(scope, increase));
  }

  async #changeLimit(change: () => Promise<void>): Promise<void> {
    // A lowered limit that a process has not heard of does not bind it.
    this.silent = false;
    await change();
    this.#announced = true;
    await this.#rest();
  }

  /** What holds after every step. */
  async check(): Promise<void> {
    for (const scope of SCOPES) {
      const { spent, leased, leases, periodStart } = await this.#bank.budget(scope);
      expect(leased).toBe(leases);
      const stored = this.#calls.filter(
        ({ state, scopes, endedAt }) =>
          state === 'stored' && scopes.includes(scope) && endedAt >= periodStart,
      );
      expect(spent).toBe(stored.reduce((total, { cost }) => total + cost, 0n));
      const exposure = this.#exposure(scope);
      const before = this.#exposures.get(scope) ?? 0n;
      const limit = this.#limit(scope);
      // An increase may have ended since, after calls that it allowed.
      const allowed = [limit, this.#allowed.get(scope) ?? limit].reduce((one, other) =>
        one > other ? one : other,
      );
      this.#allowed.set(scope, limit);
      const most = this.#enforcement === 'strict' ? allowed : allowed + this.#largest;
      // Beyond a limit that was lowered nothing grows.
      expect(exposure).toBeLessThanOrEqual(before > most ? before : most);
      this.#exposures.set(scope, exposure);
    }
  }

  /** Once everything has come to rest: nothing is held that is not used, and all that is left can be had. */
  async checkAtRest(): Promise<void> {
    this.silent = false;
    this.#fault = undefined;
    for (const process of [...this.#dead]) {
      await this.store(process);
      await this.#bank.adopt(process.id);
    }
    for (const process of this.#processes) await this.store(process);
    await this.pass(30_000);
    await this.#rest();
    await this.check();
    for (const scope of SCOPES) {
      const running = this.#calls.filter(
        ({ state, scopes }) => state === 'reserved' && scopes.includes(scope),
      );
      const { leased } = await this.#bank.budget(scope);
      expect(leased).toBe(running.reduce((total, { reservation }) => total + reservation.amount, 0n));
      const left = await this.#left(scope);
      if (left <= 0n) continue;
      await this.reserve(0, { budgets: [scope], bound: left + 1n, minimum: left + 1n });
      await this.reserve(1, { budgets: [scope], bound: left, minimum: left });
    }
    await this.check();
  }
}
