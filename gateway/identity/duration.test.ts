import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endOf } from './duration.ts';

const NOW = Date.UTC(2026, 0, 31, 10, 30);
const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

test.each([undefined, null, '', ' ', 'none', 'null'])('%j is no duration', (text) => {
  expect(endOf(text, NOW)).toBeNull();
});

test('a count of fixed units ends exactly that many seconds later', () => {
  const unit = fc.constantFrom(...(Object.keys(secondsOf) as (keyof typeof secondsOf)[]));
  fc.assert(
    fc.property(fc.nat(100_000), unit, (count, name) => {
      expect(endOf(`${count}${name}`, NOW)?.getTime()).toBe(NOW + count * secondsOf[name] * 1000);
    }),
  );
});

test.each([
  ['1mo', '2026-02-28T10:30:00.000Z'],
  ['2mo', '2026-03-31T10:30:00.000Z'],
  ['25mo', '2028-02-29T10:30:00.000Z'],
])('%s from 31 January ends at %s', (text, end) => {
  expect(endOf(text, NOW)?.toISOString()).toBe(end);
});

test('months end in the month counted, on the same day or the last one', () => {
  const start = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(start, fc.integer({ min: 0, max: 1200 }), (from, months) => {
      const end = endOf(`${months}mo`, from.getTime()) as Date;
      const index = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth();
      expect(index(end) - index(from)).toBe(months);
      expect(end.getUTCDate()).toBeLessThanOrEqual(from.getUTCDate());
      expect(end.getTime() % 86_400_000).toBe(from.getTime() % 86_400_000);
    }),
  );
});

test.each([
  ['hourly', '1h'],
  ['daily', '1d'],
  ['weekly', '7d'],
  ['monthly', '1mo'],
])('%s means %s', (word, duration) => {
  expect(endOf(word, NOW)).toEqual(endOf(duration, NOW));
});

test.each(['1', 'd', '-1d', '1.5h', '1y', '30 d', '1D', '999999999999w', '9999999mo', '1d1h'])(
  '%s is refused and named',
  (text) => {
    expect(() => endOf(text, NOW)).toThrow(`Invalid duration '${text}'`);
  },
);
