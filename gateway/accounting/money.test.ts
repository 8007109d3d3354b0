import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PICO_PER_USD, picoFromUsd, usdFromPico } from './money.ts';

test.each([
  [0, 0n],
  [1, PICO_PER_USD],
  [0.1, 100_000_000_000n],
  [0.15e-6, 150_000n],
  [-0.25, -250_000_000_000n],
  [1e-12, 1n],
  [-1e-12, -1n],
  [4e-13, 0n],
  [5e-13, 1n],
  [-5e-13, -1n],
  [1e-20, 0n],
  [1e9, 1_000_000_000n * PICO_PER_USD],
  [123_456_789.123456, 123_456_789_123_456_000_000n],
])('%d USD is %d pico-dollars', (usd, pico) => {
  expect(picoFromUsd(usd)).toBe(pico);
});

/** Amounts that people write: at most nine digits before the point and twelve behind it, fifteen in all. */
const decimalText = fc
  .record({ negative: fc.boolean(), digits: fc.maxSafeNat(), places: fc.integer({ min: 0, max: 12 }) })
  .filter(({ digits, places }) => digits < 1e15 && digits / 10 ** places < 1e9)
  .map(({ negative, digits, places }) => {
    const text = String(digits).padStart(places + 1, '0');
    const [whole, fraction] = [text.slice(0, text.length - places), text.slice(text.length - places)];
    const pico = BigInt(whole + fraction.padEnd(12, '0'));
    return { text: `${negative ? '-' : ''}${whole}.${fraction}`, pico: negative ? -pico : pico };
  });

test('an amount written as a decimal is exact', () => {
  fc.assert(
    fc.property(decimalText, ({ text, pico }) => {
      expect(picoFromUsd(Number(text))).toBe(pico);
    }),
  );
});

test('an amount of up to fifteen digits survives the way to USD and back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (pico) => {
      expect(picoFromUsd(usdFromPico(pico))).toBe(pico);
    }),
  );
});

test('the other sign is the other amount', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), (usd) => {
      expect(picoFromUsd(-usd)).toBe(-picoFromUsd(usd));
    }),
  );
});
