/** Money inside the gateway: whole pico-dollars, 10^-12 USD. */
export type Pico = bigint;

export const PICO_PER_USD: Pico = 1_000_000_000_000n;

/** Nearest whole pico-dollar to an amount of USD as a float column, a config file or a request gives it. */
export function picoFromUsd(usd: number): Pico {
  const [mantissa = '0', exponent = '0'] = usd.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const digits = BigInt(whole + fraction);
  const shift = Number(exponent) - fraction.length + 12;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const half = digits < 0n ? -(divisor / 2n) : divisor / 2n;
  return (digits + half) / divisor;
}

/** USD as LiteLLM's float columns and headers show it: a projection, never read back into a decision. */
export function usdFromPico(pico: Pico): number {
  return Number(pico) / 1e12;
}
