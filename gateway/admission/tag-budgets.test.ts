import { expect, test } from 'vitest';
import { NO_LIMITS } from '../identity/key-limits.ts';
import { subjects } from '../identity/subjects.ts';
import { TagBudgets, type WrittenTag } from './tag-budgets.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const tag = (name: string, more: Partial<WrittenTag> = {}): WrittenTag => ({
  name,
  budgetId: `of-${name}`,
  budgets: [`tag:${name}`],
  limits: NO_LIMITS,
  ...more,
});

async function known(...written: WrittenTag[]) {
  const world = { written, now: 0, loads: 0, warnings: 0, away: false };
  const tags = new TagBudgets({
    load: async () => {
      world.loads += 1;
      if (world.away) throw new Error('away');
      return world.written;
    },
    clock: () => world.now,
    logger: {
      warn: () => {
        world.warnings += 1;
      },
    },
  });
  await tags.refresh();
  return { tags, world };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a call is held by those of its tags that have a budget, in their order', async () => {
  const limited = tag('slow', { budgets: [], limits: { ...NO_LIMITS, requests: 5 } });
  const { tags, world } = await known(tag('red'), tag('blue'), limited);
  expect(tags.of(['blue', 'other', 'red'])).toEqual({ budgets: [['tag:blue'], ['tag:red']], limits: [] });
  expect(tags.of(['slow'])).toMatchObject({
    budgets: [],
    limits: [{ scope: 'tag', value: 'slow', type: 'requests', limit: 5 }],
  });
  expect(tags.of(['other'])).toBe(tags.of([]));
  expect(world.loads).toBe(1);
});

test('a change of a tag, or of a budget that one is linked to, is in force when it was heard', async () => {
  const { tags, world } = await known(tag('red'));
  await tags.evict(subjects.team('red'));
  await tags.evict(subjects.budget('of-others'));
  expect(world.loads).toBe(1);
  world.written = [tag('red', { budgets: [] })];
  await tags.evict(subjects.budget('of-red'));
  expect(tags.of(['red']).budgets).toEqual([]);
  world.written = [];
  await tags.evict(subjects.tag('red'));
  expect(world.loads).toBe(3);
});

test('a reading that was under way when the change was made is not the last one', async () => {
  const { tags, world } = await known();
  tags.clear();
  world.written = [tag('red')];
  await tags.evict(subjects.tag('red'));
  expect(tags.of(['red']).budgets).toEqual([['tag:red']]);
});

test('what another program has written is read within a minute', async () => {
  const { tags, world } = await known();
  world.written = [tag('red')];
  world.now = MINUTE;
  tags.of([]);
  await settled();
  expect(tags.of(['red']).budgets).toEqual([['tag:red']]);
});

test('while nothing can be read the last reading counts, and a call tries again after a second', async () => {
  const { tags, world } = await known(tag('red'));
  world.away = true;
  tags.clear();
  await settled();
  expect(tags.of(['red']).budgets).toEqual([['tag:red']]);
  await settled();
  expect(world).toMatchObject({ loads: 2, warnings: 1 });
  world.away = false;
  world.written = [];
  world.now += SECOND;
  tags.of(['red']);
  await settled();
  expect(tags.of(['red']).budgets).toEqual([]);
});
