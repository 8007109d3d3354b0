import { expect, test } from 'vitest';
import { KeyCache, type Outage } from './key-cache.ts';

interface Key {
  readonly version: number;
}

/** A cache over a table that a test changes, with a clock that it moves and look-ups that it counts and can hold back. */
function setUp({ limit = 100, ttlMs = 60, held = false, outage = null as Outage<Key> | null } = {}) {
  const table = new Map<string, Key>();
  const state = { now: 0, loads: 0, release: () => {}, certain: true, away: false };
  const gate = new Promise<void>((resolve) => {
    state.release = resolve;
  });
  const cache = new KeyCache<Key>({
    load: async (hash) => {
      state.loads++;
      const seen = table.get(hash);
      if (state.away) throw new Error('away');
      if (held) await gate;
      return seen;
    },
    certain: () => state.certain,
    outage,
    clock: () => state.now,
    limit,
    ttlMs,
    absentTtlMs: 5,
  });
  return { table, state, cache };
}

test('a key that was looked up is answered without a promise for its time', async () => {
  const { table, state, cache } = setUp();
  table.set('a', { version: 1 });
  await cache.get('a');
  state.now = 59;
  expect(cache.get('a')).toEqual({ version: 1 });
  state.now = 60;
  expect(cache.get('a')).toBeInstanceOf(Promise);
});

test('absence is believed for a short time only', async () => {
  const { table, state, cache } = setUp();
  expect(await cache.get('a')).toBeNull();
  table.set('a', { version: 1 });
  state.now = 4;
  expect(cache.get('a')).toBeNull();
  state.now = 5;
  expect(await cache.get('a')).toEqual({ version: 1 });
});

test('look-ups of one key at the same time share one query', async () => {
  const { table, state, cache } = setUp();
  table.set('a', { version: 1 });
  await Promise.all(Array.from({ length: 50 }, () => cache.get('a')));
  expect(state.loads).toBe(1);
});

test('what was loaded before an eviction is not kept', async () => {
  const { table, state, cache } = setUp({ held: true });
  table.set('a', { version: 1 });
  const waiting = cache.get('a');
  table.set('a', { version: 2 });
  cache.evict('a');
  const later = cache.get('a');
  state.release();
  expect(await waiting).toEqual({ version: 1 });
  expect(await later).toEqual({ version: 2 });
  expect(cache.get('a')).toEqual({ version: 2 });
});

test('an eviction of some leaves the others, and keeps no look-up that is under way', async () => {
  const { table, state, cache } = setUp();
  table.set('a', { version: 1 });
  table.set('b', { version: 2 });
  await cache.get('a');
  await cache.get('b');
  cache.evictWhere(({ version }) => version === 1);
  expect(cache.get('b')).toEqual({ version: 2 });
  const waiting = cache.get('a');
  table.set('a', { version: 3 });
  cache.evictWhere(() => false);
  expect(await waiting).toEqual({ version: 1 });
  expect(await cache.get('a')).toEqual({ version: 3 });
  expect(state.loads).toBe(4);
});

test('a failed look-up is not remembered', async () => {
  let fails = true;
  const cache = new KeyCache<Key>({
    load: async () => {
      if (fails) throw new Error('away');
      return { version: 1 };
    },
    certain: () => true,
    outage: null,
    clock: () => 0,
    limit: 1,
    ttlMs: 1,
    absentTtlMs: 1,
  });
  await expect(cache.get('a')).rejects.toThrow('away');
  fails = false;
  expect(await cache.get('a')).toEqual({ version: 1 });
});

test('while changes may be missed every key is looked up, also what was absent', async () => {
  const { table, state, cache } = setUp();
  table.set('a', { version: 1 });
  await cache.get('a');
  await cache.get('b');
  state.certain = false;
  table.set('a', { version: 2 });
  table.set('b', { version: 3 });
  expect(await cache.get('a')).toEqual({ version: 2 });
  expect(await cache.get('b')).toEqual({ version: 3 });
  state.away = true;
  await expect(cache.get('a')).rejects.toThrow('away');
});

test('where an outage is bridged, what is remembered goes on however old, and a stranger stands for the rest', async () => {
  const stranger = { version: 0 };
  const isOne = (error: unknown): boolean => (error as Error).message === 'away';
  const { table, state, cache } = setUp({ outage: { isOne, stranger } });
  table.set('a', { version: 1 });
  await cache.get('a');
  state.away = true;
  // The database is away, which the listener has not noticed yet.
  state.now = 60;
  expect(await cache.get('a')).toEqual({ version: 1 });
  expect(await cache.get('b')).toBe(stranger);
  state.certain = false;
  expect(cache.get('a')).toEqual({ version: 1 });
  // Back again: nothing of that is kept.
  state.away = false;
  expect(await cache.get('b')).toBeNull();
  state.certain = true;
  table.set('a', { version: 2 });
  expect(await cache.get('a')).toEqual({ version: 2 });
});

test('a fault of the look-up is no outage', async () => {
  const { state, cache } = setUp({ outage: { isOne: () => false, stranger: { version: 0 } } });
  state.away = true;
  await expect(cache.get('a')).rejects.toThrow('away');
});

test('what was used longest ago goes first, and made-up keys push out nothing', async () => {
  const { table, state, cache } = setUp({ limit: 2, ttlMs: 60_000 });
  for (const name of ['a', 'b', 'c']) table.set(name, { version: 1 });
  for (const name of ['a', 'b', 'a', 'c']) {
    await cache.get(name);
    state.now += 1000;
  }
  for (let made = 0; made < 10; made++) await cache.get(`made-up-${made}`);
  expect(cache.get('a')).toEqual({ version: 1 });
  expect(cache.get('c')).toEqual({ version: 1 });
  expect(cache.get('b')).toBeInstanceOf(Promise);
});
