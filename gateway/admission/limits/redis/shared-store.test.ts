import { expect, test } from 'vitest';
import { type Granted, type LimitStore, limitsOf, type Refused } from '../limit-store.ts';
import { MemoryStore, UNLIMITED } from '../memory-store.ts';
import { SharedStore } from './shared-store.ts';

const limits = limitsOf('api_key', 'abc', { requests: 100 });

function setUp() {
  const state = { now: 0, away: false, asked: 0, lost: 0, found: 0 };
  const shared: LimitStore = {
    waits: true,
    take: async (): Promise<Granted | Refused> => {
      state.asked++;
      if (state.away) throw new Error('away');
      return { ...UNLIMITED, remaining: [7] };
    },
  };
  const store = new SharedStore({
    shared,
    own: new MemoryStore(() => state.now),
    now: () => state.now,
    lost: () => void state.lost++,
    found: () => void state.found++,
  });
  const remaining = async () => {
    const taken = await store.take(limits, 1);
    return taken.granted ? taken.remaining[0] : null;
  };
  return { state, remaining };
}

test('calls are counted together while that is possible', async () => {
  const { state, remaining } = setUp();
  expect([await remaining(), await remaining()]).toEqual([7, 7]);
  expect(state).toMatchObject({ asked: 2, lost: 0, found: 0 });
});

test('while it is not, this gateway counts for itself, says so once, and does not ask for a while', async () => {
  const { state, remaining } = setUp();
  state.away = true;
  expect([await remaining(), await remaining(), await remaining()]).toEqual([99, 98, 97]);
  expect(state).toMatchObject({ asked: 1, lost: 1, found: 0 });
  state.now = 5000;
  expect([await remaining(), await remaining()]).toEqual([96, 95]);
  expect(state).toMatchObject({ asked: 2, lost: 1 });
});

test('the first call that is counted together again ends it, and one at a time tries', async () => {
  const { state, remaining } = setUp();
  state.away = true;
  await remaining();
  state.now = 5000;
  state.away = false;
  const [first, second] = [remaining(), remaining()];
  expect([await first, await second]).toEqual([7, 98]);
  expect([await remaining(), state.found, state.asked]).toEqual([7, 1, 3]);
});

test('an answer to a call from before the failure ends nothing', async () => {
  const { state, remaining } = setUp();
  const before = remaining();
  state.away = true;
  const after = remaining();
  expect([await before, await after]).toEqual([7, 99]);
  expect([await remaining(), state.lost, state.found]).toEqual([98, 1, 0]);
});

test('of many calls that fail at once, one is told of', async () => {
  const { state, remaining } = setUp();
  state.away = true;
  await Promise.all([remaining(), remaining(), remaining()]);
  expect([state.asked, state.lost]).toEqual([3, 1]);
});
