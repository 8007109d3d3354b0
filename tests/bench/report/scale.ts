/** A logarithmic axis: equal distances are equal ratios, so that peers a hundred times apart share one picture. */
export interface Scale {
  /** Place of a value between 0 and 1. */
  at(value: number): number;
  /** Powers of ten within the axis. */
  readonly ticks: readonly number[];
}

/** Room on both sides, as a share of the axis, so that no dot touches the edge. */
const PADDING = 0.06;
/** At least two powers of ten, so that a small difference looks small. */
const LEAST_DECADES = 2;

/** An axis that holds all the values, which must be positive. */
export function logScale(values: readonly number[]): Scale {
  const logs = values.map(Math.log10);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const decades = Math.max(high - low, LEAST_DECADES);
  const at = (value: number): number =>
    0.5 + ((Math.log10(value) - (low + high) / 2) / decades) * (1 - 2 * PADDING);
  const powers = Array.from({ length: 40 }, (_, index) => 10 ** (index - 20));
  return { at, ticks: powers.filter((power) => at(power) >= 0 && at(power) <= 1) };
}
