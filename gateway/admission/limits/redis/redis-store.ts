import type { Timers } from '../../../accounting/timers.ts';
import { amountOf, type Granted, type Limit, type LimitStore, type Refused } from '../limit-store.ts';
import { UNLIMITED } from '../memory-store.ts';
import { LEAVE, RENEW, SETTLE, TAKE } from './scripts.ts';

/** Runs one of the scripts; rejects when no answer came in time. Whoever asks later is answered later. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args: readonly string[],
) => Promise<unknown>;

/** How long a parallel place of a gateway that died is held. */
const LEASE_MS = 30_000;
/** How often places are renewed: two renewals may fail before one is lost. */
const RENEW_MS = 10_000;
const MICROSECONDS = 1000;
const LEASE = String(LEASE_MS * MICROSECONDS);
/** Keys of one renewal. */
const RENEWED_AT_ONCE = 500;

const isParallel = ({ type }: Limit): boolean => type === 'max_parallel_requests';

/** Of a refusal: the limit, from 1, how much of it is used, and the wait in microseconds; see TAKE. */
type Answer = readonly [1, readonly number[], readonly number[]] | readonly [0, number, number, number];

function waitOf(microseconds: number): number | null {
  if (microseconds === -1) return null;
  return microseconds === -2 ? Number.POSITIVE_INFINITY : microseconds / MICROSECONDS;
}

export interface RedisStoreOptions {
  readonly run: RunScript;
  /** A name that is this process's alone. */
  readonly processId: string;
  readonly timers: Timers;
}

/** What a call holds in the shared counters until it is over. */
class Hold {
  readonly name: string;
  /** Counters of its parallel places. */
  readonly places: readonly string[];

  constructor(name: string, limits: readonly Limit[]) {
    this.name = name;
    this.places = limits.filter(isParallel).map(({ counter }) => counter);
  }
}

/**
 * Counters in Redis or Valkey, which several gateways share. `take` rejects when the server does not answer in time; what is
 * counted afterwards is sent and not waited for, since no answer would change anything.
 */
export class RedisStore implements LimitStore, Disposable {
  readonly waits = true;
  readonly #run: RunScript;
  readonly #processId: string;
  readonly #timers: Timers;
  readonly #held = new Set<Hold>();
  #calls = 0;
  #stopRenewing: () => void;

  constructor({ run, processId, timers }: RedisStoreOptions) {
    this.#run = run;
    this.#processId = processId;
    this.#timers = timers;
    this.#stopRenewing = timers.after(RENEW_MS, () => this.#renew());
  }

  take(limits: readonly Limit[], tokens: number): Granted | Promise<Granted | Refused> {
    return limits.length === 0 ? UNLIMITED : this.#take(limits, tokens);
  }

  async #take(limits: readonly Limit[], tokens: number): Promise<Granted | Refused> {
    const hold = new Hold(`${this.#processId}:${this.#calls++}`, limits);
    const keys = limits.map(({ counter }) => counter);
    const each = limits.flatMap((limit) => {
      const { type, limit: most } = limit;
      return [isParallel(limit) ? 'p' : 'r', String(most), String(amountOf(type, tokens))];
    });
    const answer = (await this.#run(TAKE, keys, [hold.name, LEASE, ...each])) as Answer;
    if (answer[0] === 0) {
      const limit = limits[answer[1] - 1] as Limit;
      const remaining = Math.max(0, limit.limit - answer[2]);
      return { granted: false, limit, remaining, waitMs: waitOf(answer[3]) };
    }
    const [, used, positions] = answer;
    return this.#granted(hold, limits, { used, positions, tokens });
  }

  #granted(
    hold: Hold,
    limits: readonly Limit[],
    counted: { used: readonly number[]; positions: readonly number[]; tokens: number },
  ): Granted {
    if (hold.places.length > 0) this.#held.add(hold);
    const { used, positions, tokens } = counted;
    /** Corrects what was counted on limits of these types by so much. */
    const correct = (types: readonly Limit['type'][], by: (limit: Limit) => number): void => {
      const changed = limits.flatMap((limit, index) =>
        types.includes(limit.type) ? [[limit, positions[index]] as const] : [],
      );
      if (changed.length === 0) return;
      this.#send(
        SETTLE,
        changed.map(([{ counter }]) => counter),
        changed.flatMap(([limit, position]) => [String(position), String(by(limit))]),
      );
    };
    return {
      granted: true,
      remaining: limits.map(({ limit }, index) => Math.max(0, limit - (used[index] as number))),
      leave: () => this.#leave(hold),
      settle: (actual) => {
        this.#leave(hold);
        if (actual !== null && actual !== tokens) correct(['tokens'], () => actual - tokens);
      },
      cancel: () => {
        this.#leave(hold);
        correct(['requests', 'tokens'], ({ type }) => -amountOf(type, tokens));
      },
    };
  }

  #leave(hold: Hold): void {
    if (this.#held.delete(hold)) this.#send(LEAVE, hold.places, [hold.name]);
  }

  /** Renews the places of the calls that run, again and again. */
  #renew(): void {
    this.#stopRenewing = this.#timers.after(RENEW_MS, () => this.#renew());
    const places = [...this.#held].flatMap(({ name, places }) =>
      places.map((place) => [place, name] as const),
    );
    for (let from = 0; from < places.length; from += RENEWED_AT_ONCE) {
      const some = places.slice(from, from + RENEWED_AT_ONCE);
      this.#send(
        RENEW,
        some.map(([place]) => place),
        [LEASE, ...some.map(([, name]) => name)],
      );
    }
  }

  [Symbol.dispose](): void {
    this.#stopRenewing();
  }

  /** What fails here is healed by time: windows pass, leases end. */
  #send(script: string, keys: readonly string[], args: readonly string[]): void {
    this.#run(script, keys, args).catch(() => undefined);
  }
}
