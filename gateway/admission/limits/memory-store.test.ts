import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Granted, type Limit, type LimitType, newLimit } from './limit-store.ts';
import { MemoryStore } from './memory-store.ts';
import { WINDOW_MS } from './sliding-window.ts';

/** A store whose time the test holds in its hands. */
function storeAt(start = 0) {
  const clock = { now: start };
  return { clock, store: new MemoryStore(() => clock.now) };
}

const on = (value: string, type: LimitType, limit: number): Limit => newLimit('api_key', value, type, limit);

function granted(store: MemoryStore, limits: readonly Limit[], tokens = 1): Granted {
  const taken = store.take(limits, tokens);
  if (!taken.granted) throw new Error(`refused by ${taken.limit.type} of ${taken.limit.value}`);
  return taken;
}

test('a call whose client has left frees its slot once, and is settled when it is over', () => {
  const { store } = storeAt();
  const limits = [on('a', 'max_parallel_requests', 1), on('a', 'tokens', 100)];
  const first = granted(store, limits, 60);
  first.leave();
  const second = granted(store, limits, 10);
  first.settle(20);
  expect(store.take(limits, 1)).toMatchObject({ granted: false, limit: { type: 'max_parallel_requests' } });
  second.settle(10);
  expect(granted(store, limits, 1).remaining).toEqual([0, 69]);
});

describe('all or nothing', () => {
  test('a call that one limit refuses is counted on none', () => {
    const { store } = storeAt();
    const limits = [on('a', 'requests', 10), on('a', 'tokens', 100), on('b', 'max_parallel_requests', 1)];
    const first = granted(store, limits, 60);
    expect(first.remaining).toEqual([9, 40, 0]);
    for (let again = 0; again < 20; again++) expect(store.take(limits, 10)).toMatchObject({ granted: false });
    first.settle(60);
    expect(granted(store, limits, 10).remaining).toEqual([8, 30, 0]);
  });

  test('the limit that is free last is the one named', () => {
    const { store, clock } = storeAt();
    granted(store, [on('a', 'requests', 1)]);
    clock.now = 20_000;
    granted(store, [on('b', 'requests', 1)]);
    expect(store.take([on('a', 'requests', 1), on('b', 'requests', 1)], 1)).toEqual({
      granted: false,
      limit: on('b', 'requests', 1),
      remaining: 0,
      waitMs: WINDOW_MS,
    });
  });

  test('of limits that nobody knows the end of, the first', () => {
    const { store } = storeAt();
    const limits = [on('a', 'max_parallel_requests', 1), on('b', 'max_parallel_requests', 1)];
    granted(store, limits);
    expect(store.take(limits, 1)).toMatchObject({ limit: { value: 'a' }, waitMs: null });
  });

  test.each<LimitType>(['requests', 'tokens', 'max_parallel_requests'])(
    'a limit of nought on %s admits nobody',
    (type) => {
      const { store } = storeAt();
      expect(store.take([on('a', type, 0)], 1)).toMatchObject({
        granted: false,
        remaining: 0,
        waitMs: Infinity,
      });
    },
  );
});

describe('limits that change', () => {
  test('hold for what was counted under the old one', () => {
    const { store } = storeAt();
    for (let call = 0; call < 5; call++) granted(store, [on('a', 'requests', 5)]);
    expect(store.take([on('a', 'requests', 5)], 1)).toMatchObject({ granted: false });
    expect(granted(store, [on('a', 'requests', 7)]).remaining).toEqual([1]);
    expect(store.take([on('a', 'requests', 3)], 1)).toMatchObject({ granted: false, remaining: 0 });
  });
});

describe('memory', () => {
  test('meters that are idle are forgotten while others are used', () => {
    const { store, clock } = storeAt();
    for (let key = 0; key < 1000; key++) granted(store, [on(`${key}`, 'requests', 5)]);
    expect(store.size).toBe(1000);
    clock.now = WINDOW_MS;
    for (let call = 0; call < 1100; call++) store.take([on('busy', 'requests', 5000)], 1);
    expect(store.size).toBe(1);
  });

  test('new ones every minute never make it more than two minutes’ worth', () => {
    const { store, clock } = storeAt();
    for (let key = 0; key < 20_000; key++) {
      clock.now = key * 60;
      granted(store, [on(`${key}`, 'requests', 5), on(`${key}`, 'tokens', 5)]);
      expect(store.size).toBeLessThanOrEqual(2 * 2 * 1000);
    }
  });

  test('a call that runs for long keeps its slot', () => {
    const { store, clock } = storeAt();
    const stream = granted(store, [on('a', 'max_parallel_requests', 1)]);
    clock.now = 100 * WINDOW_MS;
    for (let call = 0; call < 10; call++) store.take([on('busy', 'requests', 5000)], 1);
    expect(store.take([on('a', 'max_parallel_requests', 1)], 1)).toMatchObject({ granted: false });
    stream.settle(0);
    granted(store, [on('a', 'max_parallel_requests', 1)]);
  });
});

/** What the store must do, from a list of every call that was counted. */
class Reference {
  readonly #calls: { at: number; tokens: number; running: boolean; on: ReadonlySet<string> }[] = [];

  used({ value, type }: Limit, now: number): number {
    const calls = this.#calls.filter((call) => call.on.has(`${value} ${type}`));
    if (type === 'max_parallel_requests') return calls.filter(({ running }) => running).length;
    return calls
      .filter(({ at }) => at + WINDOW_MS > now)
      .reduce((sum, { tokens }) => sum + (type === 'tokens' ? tokens : 1), 0);
  }

  fits(limits: readonly Limit[], tokens: number, now: number): boolean {
    return limits.every(
      (limit) => this.used(limit, now) + (limit.type === 'tokens' ? tokens : 1) <= limit.limit,
    );
  }

  take(limits: readonly Limit[], tokens: number, at: number): (used: number | null) => void {
    const on = new Set(limits.map(({ value, type }) => `${value} ${type}`));
    const call = { at, tokens, running: true, on };
    this.#calls.push(call);
    return (used) => {
      call.running = false;
      call.tokens = used ?? call.tokens;
    };
  }
}

test('random calls are admitted and refused as by the reference', () => {
  const limit = fc.record({
    value: fc.constantFrom('a', 'b'),
    type: fc.constantFrom<LimitType>('requests', 'tokens', 'max_parallel_requests'),
    limit: fc.integer({ min: 0, max: 12 }),
  });
  const limits = fc.uniqueArray(limit, { selector: ({ value, type }) => value + type, maxLength: 4 });
  const command = fc.record({
    // Half a second apart or at the same moment: then slots are exact.
    pause: fc.oneof(fc.constant(0), fc.integer({ min: 500, max: 30_000 })),
    limits: limits.map((list) => list.map(({ value, type, limit }) => on(value, type, limit))),
    tokens: fc.integer({ min: 1, max: 5 }),
    ends: fc.option(fc.record({ which: fc.nat(), used: fc.option(fc.integer({ min: 0, max: 9 })) })),
  });
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 120 }), (commands) => {
      const { store, clock } = storeAt();
      const reference = new Reference();
      const running: ((used: number | null) => void)[] = [];
      for (const { pause, limits: asked, tokens, ends } of commands) {
        clock.now += pause;
        if (ends !== null && running.length > 0)
          running.splice(ends.which % running.length, 1)[0]?.(ends.used);
        const fits = reference.fits(asked, tokens, clock.now);
        const taken = store.take(asked, tokens);
        expect(taken.granted).toBe(fits);
        if (!taken.granted) continue;
        const settle = reference.take(asked, tokens, clock.now);
        expect(taken.remaining).toEqual(asked.map((each) => each.limit - reference.used(each, clock.now)));
        running.push((used) => {
          settle(used);
          taken.settle(used);
        });
      }
    }),
    { numRuns: 500 },
  );
});
