import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalOf, inUnits } from './decimal.ts';

test.each([
  ['0.0375', -12, 37_500_000_000n],
  [0.0375, -12, 37_500_000_000n],
  [1e-7, -12, 100_000n],
  ['1.5e+3', 0, 1500n],
  ['12e-3', -3, 12n],
  [1e21, 0, 10n ** 21n],
  ['0.000', -3, 0n],
  [5e-324, -324, 5n],
])('%s in units of 10^%d is %d', (written, exponent, units) => {
  expect(inUnits(decimalOf(written), exponent)).toBe(units);
});

test.each(['', '-1', '1,5', 'NaN', '.5', '0x10', '1e', Number.NaN, Number.POSITIVE_INFINITY, -1])(
  '%j is no amount',
  (written) => {
    expect(() => decimalOf(written)).toThrow(RangeError);
  },
);

test('a text and the number that it reads as are the same decimal', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 12 }), (digits, places) => {
      const text = `${digits}e-${places}`;
      expect(inUnits(decimalOf(Number(text)), -24)).toBe(inUnits(decimalOf(text), -24));
    }),
  );
});

test('the point can be moved', () => {
  expect(inUnits(decimalOf('2.50', -6), -12)).toBe(2_500_000n);
});
