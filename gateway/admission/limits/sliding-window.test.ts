import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlidingWindow, WINDOW_MS } from './sliding-window.ts';

/** A client whose calls are counted when they fit, and the exact record of those. */
class Client {
  readonly admitted: { readonly at: number; readonly amount: number }[] = [];
  readonly #window = new SlidingWindow();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  send(at: number, amount = 1): boolean {
    if (this.#window.used(at) + amount > this.#limit) return false;
    this.#window.take(at, amount);
    this.admitted.push({ at, amount });
    return true;
  }

  /** The most that was admitted in any 60 s: in those that end with an entry, since between entries nothing is added. */
  worst(): number {
    const worst = { sum: 0, most: 0, first: 0 };
    for (const { at, amount } of this.admitted) {
      worst.sum += amount;
      for (; (this.admitted[worst.first]?.at ?? at) + WINDOW_MS <= at; worst.first++) {
        worst.sum -= this.admitted[worst.first]?.amount ?? 0;
      }
      worst.most = Math.max(worst.most, worst.sum);
    }
    return worst.most;
  }
}

describe('in any 60 s', () => {
  const pause = fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 3, noNaN: true }),
    fc.integer({ min: 0, max: 1000 }),
    fc.integer({ min: 0, max: 70_000 }),
  );
  const arrivals = fc.array(fc.record({ pause, amount: fc.integer({ min: 1, max: 50 }) }), {
    minLength: 1,
    maxLength: 400,
  });

  test('never more than the limit is admitted, however calls arrive', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), arrivals, (limit, list) => {
        const client = new Client(limit);
        let now = 0;
        for (const arrival of list) {
          now += arrival.pause;
          client.send(now, arrival.amount);
        }
        expect(client.worst()).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 300 },
    );
  });

  test('a flood is admitted up to the limit, and 60 s later again', () => {
    const client = new Client(1000);
    const flood = (at: number) => Array.from({ length: 1200 }, () => client.send(at)).filter(Boolean).length;
    expect([flood(0), flood(WINDOW_MS - 0.001), flood(WINDOW_MS)]).toEqual([1000, 0, 1000]);
    expect(client.worst()).toBe(1000);
  });
});

test('a client that sends evenly at exactly its limit gets at least 99 % of it', () => {
  const minutes = 6;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 0, max: 100_000 }), (limit, start) => {
      const client = new Client(limit);
      for (let call = 0; call < limit * minutes; call++) {
        client.send(start + Math.floor((call * WINDOW_MS) / limit));
      }
      expect(client.admitted.length / (limit * minutes)).toBeGreaterThanOrEqual(0.99);
      expect(client.worst()).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 60, examples: [1, 2, 60, 119, 120, 121, 150, 239, 240, 241, 5999].map((limit) => [limit, 7]) },
  );
});

describe('a settlement', () => {
  test('counts where the entry was counted, and leaves the window with it', () => {
    const window = new SlidingWindow();
    const taken = { position: window.take(0, 100), amount: 100 };
    window.take(20_000, 10);
    window.settle(30_000, taken, 40);
    expect(window.used(30_000)).toBe(50);
    expect(window.used(WINDOW_MS)).toBe(10);
  });

  test('of an entry that has left the window changes nothing', () => {
    const window = new SlidingWindow();
    const taken = { position: window.take(0, 100), amount: 100 };
    window.take(WINDOW_MS, 10);
    window.settle(WINDOW_MS, taken, 500);
    expect(window.used(WINDOW_MS)).toBe(10);
  });

  /** Entries half a second apart have a slot of their own, so that the reference can be exact. */
  const entry = fc.record({
    pause: fc.integer({ min: 500, max: 20_000 }),
    amount: fc.integer({ min: 1, max: 9 }),
    actual: fc.integer({ min: 0, max: 20 }),
    lastsFor: fc.integer({ min: 0, max: 90_000 }),
  });

  test('hits its own entry, whatever came and went meanwhile', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), (entries) => {
        let start = 0;
        const calls = entries.map((call) => {
          start += call.pause;
          return { ...call, start, end: start + call.lastsFor };
        });
        const events = calls
          .flatMap((call) => [
            { at: call.start, call },
            { at: call.end, call },
          ])
          .sort((one, other) => one.at - other.at);
        const window = new SlidingWindow();
        const counted = new Map<(typeof calls)[number], { position: number; amount: number }>();
        for (const { at, call } of events) {
          const taken = counted.get(call);
          if (taken === undefined)
            counted.set(call, { position: window.take(at, call.amount), amount: call.amount });
          else {
            window.settle(at, taken, call.actual);
            counted.set(call, { ...taken, amount: call.actual });
          }
          const inside = [...counted].filter(([{ start: since }]) => since + WINDOW_MS > at);
          expect(window.used(at)).toBe(inside.reduce((sum, [, { amount }]) => sum + amount, 0));
        }
      }),
    );
  });
});

test('the wait is the time after which the amount fits, and not a moment less', () => {
  const entries = fc.array(fc.tuple(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 30 })), {
    minLength: 1,
    maxLength: 50,
  });
  const size = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(entries, size, size, (list, amount, limit) => {
      let now = 0;
      const [window, untouched] = [new SlidingWindow(), new SlidingWindow()];
      for (const [pause, each] of list) {
        now += pause;
        window.take(now, each);
        untouched.take(now, each);
      }
      const wait = window.waitMs(now, amount, limit);
      expect(Number.isFinite(wait)).toBe(amount <= limit);
      if (!Number.isFinite(wait)) return;
      expect(window.used(now + wait) + amount).toBeLessThanOrEqual(limit);
      if (wait > 0) expect(untouched.used(now + wait - 1) + amount).toBeGreaterThan(limit);
    }),
  );
});

test('a window that nothing is left in is idle', () => {
  const window = new SlidingWindow();
  expect(window.isIdle(0)).toBe(true);
  window.take(0, 1);
  expect(window.isIdle(WINDOW_MS - 1)).toBe(false);
  expect(window.isIdle(WINDOW_MS)).toBe(true);
});
