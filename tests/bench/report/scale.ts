/** A logarithmic axis: equal distances are equal ratios, so that peers a hundred times apart share one picture. */
export interface Scale {
  /** Place of a value between 0 and 1. */
  at(value: number): number;
  /** Powers of ten within the axis. */
  readonly ticks: readonly number[];
}

/** Room on both sides, as a share of the axis, so that no dot touches the edge. */
const PADDING = 0.06;

/** An axis that holds all the values, which must be positive; a single value stands in the middle. */
export function logScale(values: readonly number[]): Scale {
  const logs = values.map(Math.log10);
  const low = Math.min(...logs);
  const span = Math.max(...logs) - low;
  const at = (value: number): number =>
    span === 0 ? 0.5 : PADDING + ((Math.log10(value) - low) / span) * (1 - 2 * PADDING);
  const powers = Array.from({ length: 40 }, (_, index) => 10 ** (index - 20));
  return { at, ticks: span === 0 ? [] : powers.filter((power) => at(power) >= 0 && at(power) <= 1) };
}
