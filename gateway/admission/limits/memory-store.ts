import {
  amountOf,
  counterName,
  type Granted,
  type Limit,
  type LimitStore,
  type LimitType,
  type Refused,
} from './limit-store.ts';
import type { Meter, Taken } from './meter.ts';
import { ParallelMeter } from './parallel-meter.ts';
import { SlidingWindow } from './sliding-window.ts';

/** What a call holds on one meter until it ends. */
interface Hold extends Taken {
  readonly type: LimitType;
  readonly meter: Meter;
}

/** A limit of which nothing has been used. */
const untouched = {
  requests: new SlidingWindow(),
  tokens: new SlidingWindow(),
  max_parallel_requests: new ParallelMeter(),
};

function newMeter(type: LimitType): Meter {
  return type === 'max_parallel_requests' ? new ParallelMeter() : new SlidingWindow();
}

/** Whether `one` keeps a call waiting for longer than `other`: never, then so long, then until nobody knows when. */
function longer(one: Refused, other: Refused | null): boolean {
  return other === null || (one.waitMs ?? 0) > (other.waitMs ?? 0);
}

/**
 * The counters of this process. A meter is made when its limit is first used and forgotten when it is idle: every call
 * looks at twice as many meters as it may have made, so they are never more than twice those of the last 60 s. 100,000
 * keys with a limit take 35 MB.
 */
export class MemoryStore implements LimitStore {
  readonly #now: () => number;
  readonly #meters = new Map<string, Meter>();
  #visited = this.#meters.entries();

  /** `now` is monotonic, in milliseconds: a wall clock that jumps would empty the windows, or never. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many meters are kept. */
  get size(): number {
    return this.#meters.size;
  }

  take(limits: readonly Limit[], tokens: number): Granted | Refused {
    const now = this.#now();
    this.#forgetIdle(now, limits.length * 2);
    const refused = this.#refusal(now, limits, tokens);
    if (refused !== null) return refused;
    const holds = limits.map((limit) => this.#hold(now, limit, amountOf(limit.type, tokens)));
    return {
      granted: true,
      remaining: holds.map(({ meter }, index) =>
        Math.max(0, (limits[index] as Limit).limit - meter.used(now)),
      ),
      settle: (used) => this.#settle(holds, used),
    };
  }

  #refusal(now: number, limits: readonly Limit[], tokens: number): Refused | null {
    let refused: Refused | null = null;
    for (const limit of limits) {
      const meter = this.#meters.get(counterName(limit)) ?? untouched[limit.type];
      const waitMs = meter.waitMs(now, amountOf(limit.type, tokens), limit.limit);
      if (waitMs === 0) continue;
      const remaining = Math.max(0, limit.limit - meter.used(now));
      const found: Refused = { granted: false, limit, remaining, waitMs };
      if (longer(found, refused)) refused = found;
    }
    return refused;
  }

  #hold(now: number, limit: Limit, amount: number): Hold {
    const name = counterName(limit);
    let meter = this.#meters.get(name);
    if (meter === undefined) {
      meter = newMeter(limit.type);
      this.#meters.set(name, meter);
    }
    return { type: limit.type, meter, amount, position: meter.take(now, amount) };
  }

  #settle(holds: readonly Hold[], tokens: number | null): void {
    const now = this.#now();
    for (const hold of holds) {
      if (hold.type === 'max_parallel_requests') hold.meter.settle(now, hold, 0);
      else if (hold.type === 'tokens' && tokens !== null) hold.meter.settle(now, hold, tokens);
    }
  }

  /** Looks at the next so many meters, round and round. */
  #forgetIdle(now: number, count: number): void {
    for (let visit = 0; visit < count; visit++) {
      const { done, value } = this.#visited.next();
      if (done) {
        this.#visited = this.#meters.entries();
        return;
      }
      const [name, meter] = value;
      if (meter.isIdle(now)) this.#meters.delete(name);
    }
  }
}
