import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DueAlert, dueAlerts, levelOf, thresholds, type WatchedBudget } from './due-alerts.ts';

const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;
const DAY = 24 * HOUR;
const ttlMs = DAY;

const untold = { level: 0, quietUntil: null, softQuietUntil: null };

function budget(more: Partial<WatchedBudget>): WatchedBudget {
  return {
    spent: 0n,
    limit: 1000n,
    soft: null,
    periodStart: Number.NEGATIVE_INFINITY,
    resetsAt: null,
    memory: untold,
    ...more,
  };
}

/** Looks at a budget again and again, and remembers. */
class Watcher {
  #budget: WatchedBudget;

  constructor(start: Partial<WatchedBudget>) {
    this.#budget = budget(start);
  }

  look(now: number, change: Partial<WatchedBudget>): readonly DueAlert[] {
    this.#budget = { ...this.#budget, ...change };
    const due = dueAlerts(this.#budget, { now, ttlMs });
    if (due !== null) this.#budget = { ...this.#budget, memory: due.memory };
    return due?.alerts ?? [];
  }
}

const threshold = (percent: number): DueAlert => ({
  event: percent === 100 ? 'budget_crossed' : 'threshold_crossed',
  threshold: percent,
});
const soft: DueAlert = { event: 'soft_budget_crossed', threshold: null };

describe('a threshold', () => {
  test.each([
    [849n, 0],
    [850n, 1],
    [949n, 1],
    [950n, 2],
    [999n, 2],
    [1000n, 3],
    [5000n, 3],
  ])('of 1000 is reached at %i to the pico-dollar', (spent, level) => {
    expect(levelOf(spent, 1000n)).toBe(level);
  });

  test('is exact where it is no whole pico-dollar, and beyond what a float holds', () => {
    // 85 % of 101 are 85.85.
    expect([levelOf(85n, 101n), levelOf(86n, 101n)]).toEqual([0, 1]);
    const limit = 10n ** 30n;
    expect([levelOf(limit - 1n, limit), levelOf(limit, limit)]).toEqual([2, 3]);
  });

  test('of no budget is never reached', () => {
    expect(levelOf(10n ** 30n, null)).toBe(0);
  });

  test('is told once, whatever the amounts by which it is reached', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: 1n, max: 10n ** 16n }), (added, limit) => {
        const watcher = new Watcher({ limit });
        let spent = 0n;
        const told: number[] = [];
        for (const amount of added) {
          const before = levelOf(spent, limit);
          spent += amount;
          const alerts = watcher.look(0, { spent });
          const after = levelOf(spent, limit);
          expect(alerts).toEqual(after > before ? [threshold(Number(thresholds[after - 1]))] : []);
          told.push(...alerts.map((alert) => alert.threshold as number));
        }
        expect(told).toEqual([...new Set(told)].sort((one, other) => one - other));
      }),
    );
  });

  test('that was jumped over is not told beside a higher one', () => {
    expect(new Watcher({}).look(0, { spent: 1000n })).toEqual([threshold(100)]);
  });
});

describe('a soft budget', () => {
  test('is told when it is reached, beside thresholds and without a budget', () => {
    const watcher = new Watcher({ soft: 500n });
    expect(watcher.look(0, { spent: 499n })).toEqual([]);
    expect(watcher.look(0, { spent: 500n })).toEqual([soft]);
    expect(watcher.look(0, { spent: 900n })).toEqual([threshold(85)]);
    expect(new Watcher({ limit: null, soft: 1n }).look(0, { spent: 1n })).toEqual([soft]);
    expect(new Watcher({ soft: 850n }).look(0, { spent: 850n })).toEqual([threshold(85), soft]);
  });
});

describe('what was told', () => {
  test('is told again after the repetition time where a budget is never reset', () => {
    const watcher = new Watcher({ soft: 900n });
    expect(watcher.look(0, { spent: 900n })).toEqual([threshold(85), soft]);
    expect(watcher.look(DAY - 1, { spent: 940n })).toEqual([]);
    expect(watcher.look(DAY, {})).toEqual([threshold(85), soft]);
    expect(watcher.look(DAY + 1, { spent: 1000n })).toEqual([threshold(100)]);
    expect(watcher.look(2 * DAY, {})).toEqual([soft]);
    expect(watcher.look(2 * DAY + 1, {})).toEqual([threshold(100)]);
  });

  test('is told once in a period, and again in the next', () => {
    const [first, second] = [30 * DAY, 60 * DAY];
    const watcher = new Watcher({ resetsAt: first });
    expect(watcher.look(DAY, { spent: 850n })).toEqual([threshold(85)]);
    expect(watcher.look(29 * DAY, { spent: 900n })).toEqual([]);
    // Stored late: the period is over, and its reset was not noticed yet.
    expect(watcher.look(first + HOUR, { spent: 949n })).toEqual([]);
    expect(watcher.look(first + HOUR, { spent: 950n })).toEqual([threshold(95)]);
    const next = { periodStart: first, resetsAt: second };
    expect(watcher.look(first + 2 * HOUR, { ...next, spent: 849n })).toEqual([]);
    expect(watcher.look(first + 3 * HOUR, { spent: 850n })).toEqual([threshold(85)]);
    expect(watcher.look(second - 1, { spent: 949n })).toEqual([]);
  });

  test('of a day is told every day, also of one with 23 hours', () => {
    const watcher = new Watcher({ periodStart: 0, resetsAt: 23 * HOUR });
    expect(watcher.look(22 * HOUR, { spent: 1000n })).toEqual([threshold(100)]);
    const next = { periodStart: 23 * HOUR, resetsAt: 47 * HOUR };
    expect(watcher.look(24 * HOUR, next)).toEqual([threshold(100)]);
  });

  test('of shorter periods is not told more often than the repetition time, unless more is reached', () => {
    const watcher = new Watcher({ periodStart: 0, resetsAt: HOUR });
    expect(watcher.look(0, { spent: 900n })).toEqual([threshold(85)]);
    expect(watcher.look(HOUR, { periodStart: HOUR, resetsAt: 2 * HOUR })).toEqual([]);
    expect(watcher.look(HOUR + 1, { spent: 1000n })).toEqual([threshold(100)]);
    expect(watcher.look(DAY, { periodStart: DAY, resetsAt: DAY + HOUR })).toEqual([]);
    expect(watcher.look(DAY + HOUR + 1, { periodStart: DAY + HOUR, resetsAt: DAY + 2 * HOUR })).toEqual([
      threshold(100),
    ]);
  });
});
