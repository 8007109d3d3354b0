import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askedDelay, retryDelay } from './retry.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

test('the wait doubles from ten seconds to an hour', () => {
  const waits = [1, 2, 3, 4, 9, 10, 80, 1_000_000].map((attempts) => retryDelay(attempts, 0) / SECOND);
  expect(waits).toEqual([10, 20, 40, 80, 2560, 3600, 3600, 3600]);
});

test('chance takes away up to half of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, random) => {
        const full = retryDelay(attempts, 0);
        const wait = retryDelay(attempts, random);
        expect(wait).toBeGreaterThanOrEqual(full / 2);
        expect(wait).toBeLessThanOrEqual(full);
      },
    ),
  );
});

const NOW = Date.UTC(2026, 10, 21, 12);

test.each([
  ['seconds', '120', 120 * SECOND],
  ['a date', 'Sat, 21 Nov 2026 12:05:00 GMT', 300 * SECOND],
  ['a date that is over', 'Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ['more than a day', '999999', 24 * HOUR],
  ['what nobody understands', 'soon', 0],
  ['nothing', undefined, 0],
])('a receiver that asks for %s', (_what, text, delay) => {
  expect(askedDelay(text, NOW)).toBe(delay);
});
