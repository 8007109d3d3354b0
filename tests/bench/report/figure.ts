/** A number with as many digits as a person can use: three, and thousands in groups. */
export function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '-';
  if (value >= 100) return Math.round(value).toLocaleString('en-GB');
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(digits, 4));
}
