import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keptFrom } from './retention.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOON = Date.UTC(2026, 10, 21, 12);
const day = (timeMs: number): string => new Date(timeMs).toISOString();

test.each([
  [1, 1, '2026-11-20T00:00:00.000Z'],
  [30, 1, '2026-10-22T00:00:00.000Z'],
  [400, 1, '2025-10-17T00:00:00.000Z'],
])('what is kept for %i days begins with the day in which the period begins', (days, interval, from) => {
  expect(day(keptFrom({ periodMs: days * DAY, intervalMs: interval * DAY }, NOON))).toBe(from);
});

test('a period longer than time itself drops nothing', () => {
  expect(keptFrom({ periodMs: 1e30, intervalMs: DAY }, NOON)).toBe(0);
});

test('nothing within the period is dropped, whole days are, and less than a step too much is kept', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 10 ** 11 }),
      fc.integer({ min: DAY, max: 1000 * DAY }),
      fc.integer({ min: 1000, max: 40 * DAY }),
      (sinceNoon, periodMs, intervalMs) => {
        const now = NOON + sinceNoon;
        const from = keptFrom({ periodMs, intervalMs }, now);
        expect(from).toBeLessThanOrEqual(now - periodMs);
        expect(from % DAY).toBe(0);
        expect(now - periodMs - from).toBeLessThan(Math.ceil(intervalMs / DAY) * DAY);
      },
    ),
  );
});
