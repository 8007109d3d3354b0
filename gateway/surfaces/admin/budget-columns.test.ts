import { describe, expect, test } from 'vitest';
import { modelBudgetsOf, requireIncrease, windowsOf } from './budget-columns.ts';

const NOW = Date.UTC(2026, 10, 27);
const LATER = '2026-11-28T00:00:00Z';

describe('windows', () => {
  test('are stored as they are meant, without what an answer showed of them', () => {
    const shown = { budget_duration: 'daily', max_budget: 5, spend: 2, reset_at: LATER };
    expect(windowsOf([shown, { budget_duration: '7d', max_budget: 20 }], NOW)).toEqual([
      { budget_duration: '1d', max_budget: 5 },
      { budget_duration: '7d', max_budget: 20 },
    ]);
  });

  test.each([[null], [[]]])('%j takes them away', (wanted) => {
    expect(windowsOf(wanted, NOW)).toBeNull();
  });

  test.each([
    [['1d', '1d'], /two windows of 1d/],
    [['1d', 'daily'], /two windows of 1d/],
    [[''], /needs a 'budget_duration'/],
    [['0d'], /lasts for no time/],
    [['soon'], /Invalid duration/],
  ])('of %j are refused', (durations, message) => {
    const wanted = durations.map((budget_duration) => ({ budget_duration, max_budget: 1 }));
    expect(() => windowsOf(wanted, NOW)).toThrow(message);
  });
});

describe('budgets of models', () => {
  test('are stored as they were sent', () => {
    const wanted = { a: { budget_limit: 1, time_period: '1d' }, b: { max_budget: 0 }, c: { rpm_limit: 5 } };
    expect(modelBudgetsOf(wanted, NOW)).toEqual(wanted);
    expect(modelBudgetsOf(null, NOW)).toEqual({});
  });

  test.each([
    [{}, /has no 'max_budget'/],
    [{ time_period: '1d', rpm_limit: 5 }, /has no 'max_budget'/],
    [{ max_budget: 1, budget_limit: 2 }, /which are the same/],
    [{ max_budget: 1, budget_duration: '1d', time_period: '7d' }, /which are the same/],
    [{ max_budget: 1, time_period: 'soon' }, /Invalid duration/],
  ])('%j is refused', (budget, message) => {
    expect(() => modelBudgetsOf({ gpt: budget }, NOW)).toThrow(message);
  });
});

describe('an increase', () => {
  const check = (after: object, more: object = {}) =>
    requireIncrease({ before: {}, after: { ...after }, most: 10, ceilings: {}, now: NOW, ...more });
  const five = { temp_budget_increase: 5, temp_budget_expiry: LATER };

  test('may go up to the ceiling', () => {
    expect(() => check(five, { ceilings: { max_budget: 15 } })).not.toThrow();
    expect(() => check(five, { ceilings: { max_budget: 14 } })).toThrow(/user_value=15; max_value=14/);
  });

  test.each([
    ['its end alone', { temp_budget_expiry: LATER }, /given together/],
    ['its amount alone', { temp_budget_increase: 5 }, /given together/],
    ['an end that has passed', { ...five, temp_budget_expiry: '2026-11-26' }, /a time to come/],
    ['an end that is no time', { ...five, temp_budget_expiry: 'soon' }, /a time to come/],
  ])('with %s is refused', (_what, after, message) => {
    expect(() => check(after)).toThrow(message);
  });

  test('of nothing is refused', () => {
    expect(() => check(five, { most: null })).toThrow(/nothing to increase/);
  });

  test('that was there already is not looked at again, but for the ceiling while it runs', () => {
    expect(() => check(five, { before: five, most: null })).not.toThrow();
    const higher = { before: five, most: 12, ceilings: { max_budget: 15 } };
    expect(() => check(five, higher)).toThrow(/user_value=17; max_value=15/);
    expect(() => check(five, { ...higher, now: Date.parse(LATER) })).not.toThrow();
  });
});
