import { expect, test } from 'vitest';
import { subjects } from '../../identity/subjects.ts';
import { EndUserLimits } from './end-user-limits.ts';
import type { Limit } from './limit-store.ts';

const MINUTE = 60_000;

/** Limits over a table that a test changes, with look-ups that it counts. */
function setUp(table: Record<string, number> = {}) {
  const rows = new Map(Object.entries(table));
  const state = { now: 0, lookedUp: 0, away: false };
  const read = <T>(value: () => T): Promise<T> =>
    state.away ? Promise.reject(new Error('away')) : Promise.resolve(value());
  const limits = new EndUserLimits({
    load: (endUser) => {
      state.lookedUp++;
      return read(() => {
        const rpm_limit = rows.get(endUser);
        return rpm_limit === undefined
          ? undefined
          : { rpm_limit, tpm_limit: null, max_parallel_requests: null };
      });
    },
    anyLimited: () => read(() => rows.size > 0),
    clock: () => state.now,
  });
  const rpmOf = async (endUser: string | null): Promise<number | undefined> => {
    const found: readonly Limit[] = await limits.of(endUser);
    return found[0]?.limit;
  };
  return { rows, state, limits, rpmOf };
}

test('a customer is looked up once a minute, whether it has limits or not', async () => {
  const { state, limits, rpmOf } = setUp({ acme: 5 });
  await limits.refresh();
  expect([await rpmOf('acme'), await rpmOf('other'), await rpmOf(null)]).toEqual([5, undefined, undefined]);
  expect(limits.of('acme')).toEqual([
    { scope: 'end_user', value: 'acme', type: 'requests', limit: 5, counter: '{end_user:acme}:requests' },
  ]);
  expect([await rpmOf('other'), state.lookedUp]).toEqual([undefined, 2]);
  state.now = MINUTE;
  expect([await rpmOf('acme'), await rpmOf('other'), state.lookedUp]).toEqual([5, undefined, 4]);
});

test('while nobody has limits nothing is looked up', async () => {
  const { state, limits, rpmOf } = setUp();
  await rpmOf('acme');
  expect(state.lookedUp).toBe(1);
  await limits.refresh();
  for (const endUser of ['acme', 'other']) expect(limits.of(endUser)).toEqual([]);
  expect(state.lookedUp).toBe(1);
});

test('the first customer that gets limits has them once the change has been told', async () => {
  const { rows, limits, rpmOf } = setUp();
  await limits.refresh();
  rows.set('acme', 3);
  await limits.evict(subjects.endUser('acme'));
  expect(await rpmOf('acme')).toBe(3);
});

test('a customer that is made without limits leaves it known that nobody has some', async () => {
  const { limits, state } = setUp();
  await limits.refresh();
  await limits.evict(subjects.endUser('new'));
  expect([limits.of('new'), state.lookedUp]).toEqual([[], 1]);
});

test('a change of the row that customers are linked to reaches all of them', async () => {
  const { rows, limits, rpmOf } = setUp({ acme: 5 });
  expect([await rpmOf('acme'), await rpmOf('other')]).toEqual([5, undefined]);
  rows.set('acme', 6).set('other', 7);
  await limits.evict(subjects.budget('tier'));
  expect([await rpmOf('acme'), await rpmOf('other')]).toEqual([6, 7]);
});

test('changes of others change nothing', async () => {
  const { state, limits, rpmOf } = setUp({ acme: 5 });
  await rpmOf('acme');
  for (const subject of ['a'.repeat(64), subjects.team('acme'), subjects.user('acme')]) {
    await limits.evict(subject);
  }
  expect([await rpmOf('acme'), state.lookedUp]).toEqual([5, 1]);
});

test('what cannot be read is refused, and asked again by the next call', async () => {
  const { state, limits, rpmOf } = setUp({ acme: 5 });
  state.away = true;
  await limits.refresh();
  await expect(rpmOf('acme')).rejects.toThrow('away');
  state.away = false;
  expect(await rpmOf('acme')).toBe(5);
});

test('after missed announcements everything is read anew', async () => {
  const { rows, limits, rpmOf } = setUp();
  await limits.refresh();
  rows.set('acme', 2);
  limits.clear();
  expect(await rpmOf('acme')).toBe(2);
});

test('a name that no database can hold is nobody’s', () => {
  const { limits, state } = setUp({ acme: 1 });
  expect([limits.of('ac\0me'), state.lookedUp]).toEqual([[], 0]);
});
