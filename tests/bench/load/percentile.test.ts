import fc from 'fast-check';
import { expect, test } from 'vitest';
import { median, percentile } from './percentile.ts';

const samples = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
  minLength: 1,
  maxLength: 200,
});
const percents = fc.integer({ min: 1, max: 100 });

test.each([
  ['the median of an odd number of samples is the middle one', [9, 1, 5], 50, 5],
  ['the 99th of a hundred leaves one above it', Array.from({ length: 100 }, (_, i) => i + 1), 99, 99],
  ['the 100th is the largest', [3, 8, 1], 100, 8],
  ['one sample is every percentile', [7], 1, 7],
])('%s', (_, values, percent, expected) => {
  expect(percentile(values, percent)).toBe(expected);
});

test('a percentile is a sample, and just enough samples do not exceed it', () => {
  fc.assert(
    fc.property(samples, percents, (values, percent) => {
      const found = percentile(values, percent);
      const wanted = (percent / 100) * values.length;
      expect(values).toContain(found);
      expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(wanted);
      expect(values.filter((value) => value < found).length).toBeLessThan(wanted);
    }),
  );
});

test('the median of an even number of samples lies between the two in the middle', () => {
  expect(median([10, 1, 4, 2])).toBe(3);
});

test('nothing has no percentile and no median', () => {
  expect([percentile([], 50), median([])]).toEqual([Number.NaN, Number.NaN]);
});
