import { expect, test } from 'vitest';
import { subjects } from '../identity/subjects.ts';
import { EndUserBlocks } from './end-user-blocks.ts';

/** Blocks over a table that a test changes, with readings that it counts, holds back and lets fail. */
function setUp() {
  const table = new Set<string>();
  const state = { reads: 0, fails: false, warned: 0, gate: Promise.resolve() };
  const blocks = new EndUserBlocks({
    load: async () => {
      state.reads++;
      const seen = [...table];
      await state.gate;
      if (state.fails) throw new Error('away');
      return seen;
    },
    logger: { warn: () => void state.warned++ } as never,
  });
  const refused = (endUser: string | null): boolean => {
    try {
      blocks.require(endUser);
      return false;
    } catch {
      return true;
    }
  };
  return { table, state, blocks, refused };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a blocked customer is refused with a 401, others and calls without one are not', async () => {
  const { table, blocks, refused } = setUp();
  table.add('acme');
  await blocks.refresh();
  expect([refused('acme'), refused('other'), refused(null)]).toEqual([true, false, false]);
  expect(() => blocks.require('acme')).toThrow(expect.objectContaining({ status: 401, type: 'auth_error' }));
});

test('a change of a customer is in force when it has been told, one of others reads nothing', async () => {
  const { table, state, blocks, refused } = setUp();
  await blocks.refresh();
  table.add('acme');
  await blocks.evict(subjects.team('acme'));
  expect([refused('acme'), state.reads]).toEqual([false, 1]);
  await blocks.evict(subjects.endUser('acme'));
  expect(refused('acme')).toBe(true);
  table.clear();
  await blocks.evict(subjects.endUser('acme'));
  expect(refused('acme')).toBe(false);
});

test('a reading from before the change is not the last one', async () => {
  const { table, state, blocks, refused } = setUp();
  let open = () => {};
  state.gate = new Promise((resolve) => {
    open = resolve;
  });
  const early = blocks.refresh();
  await settle();
  table.add('acme');
  const late = blocks.evict(subjects.endUser('acme'));
  open();
  await Promise.all([early, late]);
  expect([refused('acme'), state.reads]).toEqual([true, 2]);
});

test('while nothing can be read the last reading counts, and the next call tries again', async () => {
  const { table, state, blocks, refused } = setUp();
  table.add('acme');
  await blocks.refresh();
  state.fails = true;
  table.delete('acme');
  blocks.clear();
  await settle();
  expect([refused('acme'), state.warned]).toEqual([true, 1]);
  await settle();
  state.fails = false;
  refused('acme');
  await settle();
  expect(refused('acme')).toBe(false);
});
