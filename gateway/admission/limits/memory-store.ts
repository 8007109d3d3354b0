import {
  amountOf,
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
  /** Whether it holds a parallel slot. */
  inSlot: boolean;
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

/** What a call without limits is granted. */
export const UNLIMITED: Granted = Object.freeze({
  granted: true,
  remaining: [],
  leave: () => undefined,
  settle: () => undefined,
  cancel: () => undefined,
});

function left({ limit }: Limit, meter: Meter, now: number): number {
  return Math.max(0, limit - meter.used(now));
}

/** Whether `one` keeps a call waiting for longer than `other`: never, then so long, then until nobody knows when. */
function longer(one: Refused, other: Refused | null): boolean {
  return other === null || (one.waitMs ?? 0) > (other.waitMs ?? 0);
}

/** The limit that stands in the call's way for longest; null when all are kept. */
function refusal(
  limits: readonly Limit[],
  known: readonly (Meter | undefined)[],
  now: number,
  tokens: number,
): Refused | null {
  let refused: Refused | null = null;
  for (const [index, limit] of limits.entries()) {
    const meter = known[index] ?? untouched[limit.type];
    const waitMs = meter.waitMs(now, amountOf(limit.type, tokens), limit.limit);
    if (waitMs === 0) continue;
    const found: Refused = { granted: false, limit, remaining: left(limit, meter, now), waitMs };
    if (longer(found, refused)) refused = found;
  }
  return refused;
}

/**
 * The counters of this process. A meter is made when its limit is first used, and forgotten once it is idle: every call that
 * is counted looks at one meter, and at two more for each that it makes: there are never more than twice those of the last
 * 60 s. 100,000 keys with a limit each take 28 MB.
 */
export class MemoryStore implements LimitStore {
  readonly waits = false;
  readonly #now: () => number;
  readonly #meters = new Map<string, Meter>();
  #visited = this.#meters.entries();

  /** `now` is monotonic, in milliseconds: with a wall clock that jumps windows would end at once, or never. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many meters are kept. */
  get size(): number {
    return this.#meters.size;
  }

  take(limits: readonly Limit[], tokens: number): Granted | Refused {
    if (limits.length === 0) return UNLIMITED;
    const now = this.#now();
    const known = limits.map(({ counter }) => this.#meters.get(counter));
    const refused = refusal(limits, known, now, tokens);
    if (refused !== null) return refused;
    const before = this.#meters.size;
    const holds = limits.map((limit, index) => this.#hold(limit, known[index], now, tokens));
    // Not earlier: an idle meter that this call takes must not be forgotten meanwhile.
    this.#visit(now, 1 + 2 * (this.#meters.size - before));
    return {
      granted: true,
      remaining: holds.map(({ meter }, index) => left(limits[index] as Limit, meter, now)),
      leave: () => this.#leave(holds),
      settle: (used) => this.#settle(holds, used),
      cancel: () => this.#cancel(holds),
    };
  }

  #hold({ type, counter }: Limit, known: Meter | undefined, now: number, tokens: number): Hold {
    const meter = known ?? this.#make(type, counter);
    const amount = amountOf(type, tokens);
    const inSlot = type === 'max_parallel_requests';
    return { type, meter, amount, inSlot, position: meter.take(now, amount) };
  }

  #make(type: LimitType, counter: string): Meter {
    const meter = newMeter(type);
    this.#meters.set(counter, meter);
    return meter;
  }

  #leave(holds: readonly Hold[]): void {
    const now = this.#now();
    for (const hold of holds) {
      if (hold.inSlot) hold.meter.settle(now, hold, 0);
      hold.inSlot = false;
    }
  }

  #settle(holds: readonly Hold[], tokens: number | null): void {
    this.#leave(holds);
    if (tokens === null) return;
    const now = this.#now();
    for (const hold of holds) if (hold.type === 'tokens') hold.meter.settle(now, hold, tokens);
  }

  #cancel(holds: readonly Hold[]): void {
    this.#leave(holds);
    const now = this.#now();
    for (const hold of holds) {
      if (hold.type !== 'max_parallel_requests') hold.meter.settle(now, hold, 0);
    }
  }

  /** Looks at the next so many meters, round and round, and forgets those that are idle. */
  #visit(now: number, count: number): void {
    for (let visit = 0; visit < count; visit++) {
      const { done, value } = this.#visited.next();
      if (done) this.#visited = this.#meters.entries();
      else if (value[1].isIdle(now)) this.#meters.delete(value[0]);
    }
  }
}
