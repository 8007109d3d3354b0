import { describe, expect, test } from 'vitest';
import { linkedBudget, readIncrease, readModelBudgets, readWindows } from './written-budgets.ts';

const window = (name: string, maxBudget: number, resetAt: Date | null = null) => ({
  part: { kind: 'window', name },
  maxBudget,
  increase: null,
  softBudget: null,
  duration: name,
  resetAt,
});
const model = (name: string, maxBudget: number, duration: string | null) => ({
  part: { kind: 'model', name },
  maxBudget,
  increase: null,
  softBudget: null,
  duration,
  resetAt: null,
});
const NOON = new Date('2026-11-21T12:00:00Z');

describe('a budget that somebody is linked to', () => {
  const nothing = { max_budget: null, soft_budget: null, budget_duration: null };

  test('says what may be spent, in which time, and when that is told', () => {
    expect(linkedBudget({ max_budget: 5, soft_budget: 4, budget_duration: '1d' })).toEqual([
      { part: null, maxBudget: 5, increase: null, softBudget: 4, duration: '1d', resetAt: null },
    ]);
  });

  test.each([{ max_budget: 0 }, { soft_budget: 4 }, { budget_duration: '1d' }])(
    'may say %j alone',
    (said) => {
      expect(linkedBudget({ ...nothing, ...said })).toHaveLength(1);
    },
  );

  test('that has limits of calls alone is none', () => {
    expect(linkedBudget(nothing)).toEqual([]);
  });
});

describe('windows', () => {
  test('stand in a list, with the end of their period where LiteLLM has written it', () => {
    const column = [
      { budget_duration: '1d', max_budget: 10, reset_at: '2026-11-21T12:00:00' },
      { budget_duration: '7d', max_budget: 50 },
    ];
    expect(readWindows(column)).toEqual([window('1d', 10, NOON), window('7d', 50)]);
  });

  test('of one length are held to the smaller amount', () => {
    const twice = [10, 5, 7].map((max_budget) => ({ budget_duration: '1d', max_budget }));
    expect(readWindows(twice)).toEqual([window('1d', 5)]);
  });

  test('whose amount cannot be read allow nothing; without an amount they limit nothing', () => {
    expect(readWindows([{ budget_duration: '1d', max_budget: 'much' }])).toEqual([window('1d', 0)]);
    expect(readWindows([{ budget_duration: '1d', max_budget: null }])).toEqual([]);
  });

  test.each([null, undefined, {}, 'x', [null, 5]])('%j has none', (column) => {
    expect(readWindows(column)).toEqual([]);
  });
});

describe('budgets of models', () => {
  test('are written in either of two spellings', () => {
    const column = {
      old: { budget_limit: 10, time_period: '1d' },
      new: { max_budget: '2.5', budget_duration: '30d', rpm_limit: 5 },
      limited: { rpm_limit: 5 },
      odd: { max_budget: {} },
      nothing: null,
    };
    expect(readModelBudgets(column)).toEqual([
      model('old', 10, '1d'),
      model('new', 2.5, '30d'),
      model('odd', 0, null),
    ]);
  });

  test.each<[unknown, number]>([
    [5, 5],
    ['0.5', 0.5],
    [0, 0],
    ['much', 0],
    [true, 0],
    [[5], 0],
    [{ max_budget: true }, 0],
  ])('may be an amount alone, and what cannot be read allows nothing: %j', (entry, maxBudget) => {
    expect(readModelBudgets({ bare: entry })).toEqual([model('bare', maxBudget, null)]);
  });

  test.each([null, undefined, {}, 'x'])('%j has none', (column) => {
    expect(readModelBudgets(column)).toEqual([]);
  });
});

describe('an increase', () => {
  test.each(['2026-11-21T12:00:00', '2026-11-21T12:00:00Z', '2026-11-21T13:00:00+01:00'])(
    'ends when it says: %s',
    (expiry) => {
      const metadata = { temp_budget_increase: 5, temp_budget_expiry: expiry };
      expect(readIncrease(metadata)).toEqual({ amount: 5, until: NOON });
    },
  );

  test.each([
    null,
    {},
    { temp_budget_increase: 5 },
    { temp_budget_increase: 5, temp_budget_expiry: 'soon' },
    { temp_budget_increase: -5, temp_budget_expiry: '2026-11-21T12:00:00Z' },
    { temp_budget_increase: 'much', temp_budget_expiry: '2026-11-21T12:00:00Z' },
  ])('%j is none', (metadata) => {
    expect(readIncrease(metadata)).toBeNull();
  });
});
