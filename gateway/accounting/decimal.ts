/** An exact decimal that is not below zero: digits × 10^exponent. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

export const ZERO: Decimal = { digits: 0n, exponent: 0 };

const WRITTEN = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/;

/**
 * The decimal that was written: a text, or a number, which stands for the shortest text that reads as it (0.0375 is 375 ten
 * thousandths, not the nearest binary fraction). `shift` moves the point: -6 makes a price of a million the price of one.
 * Throws RangeError for what is no decimal or below zero.
 */
export function decimalOf(written: number | string, shift = 0): Decimal {
  const found = WRITTEN.exec(String(written));
  if (found === null) throw new RangeError(`'${written}' is no amount`);
  const [, whole = '', fraction = '', power = '0'] = found;
  const digits = BigInt(whole + fraction);
  return digits === 0n ? ZERO : { digits, exponent: Number(power) - fraction.length + shift };
}

/** How many times 10^`exponent` a decimal is. The exponent must not be above the decimal's own. */
export function inUnits({ digits, exponent: own }: Decimal, exponent: number): bigint {
  return digits === 0n ? 0n : digits * 10n ** BigInt(own - exponent);
}
