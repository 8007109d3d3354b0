import { endOf } from '../identity/duration.ts';
import type { Findings, Reader } from './findings.ts';

/** What the columns hold. */
const MOST_INT4 = 2 ** 31 - 1;
const MOST_USD = 1e12;

/** An amount in USD. */
export function usd(reader: Reader, key: string): number | undefined {
  return reader.number(key, 0, MOST_USD);
}

export function wholeNumber(reader: Reader, key: string, { path, findings }: Place, most?: number) {
  const count = reader.number(key, 0, most);
  if (count !== undefined && !Number.isInteger(count))
    findings.fault(`${path}.${key}`, 'must be a whole number');
  return count;
}

/** The text where it is a duration; `at` is where it stands. */
export function checkedDuration(
  text: string | undefined,
  at: string,
  findings: Findings,
): string | undefined {
  if (text === undefined) return undefined;
  try {
    if (endOf(text, 0) !== null) return text;
  } catch {
    // Told below, with the place where it stands.
  }
  findings.fault(at, `'${text}' is no duration; write one such as 24h, 30d or 1mo`);
  return undefined;
}

export function duration(reader: Reader, key: string, { path, findings }: Place): string | undefined {
  return checkedDuration(reader.text(key), `${path}.${key}`, findings);
}

/** Where a map stands, and who hears of what is wrong in it. */
export interface Place {
  readonly path: string;
  readonly findings: Findings;
}

/** Without the members that have no value. */
export function given<T extends object>(members: { readonly [F in keyof T]?: T[F] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** A budget and limits, as keys and teams have them. */
export function budgetParams(reader: Reader, place: Place) {
  return {
    max_budget: usd(reader, 'max_budget'),
    budget_duration: duration(reader, 'budget_duration', place),
    tpm_limit: wholeNumber(reader, 'tpm_limit', place),
    rpm_limit: wholeNumber(reader, 'rpm_limit', place),
  };
}

export function parallelCalls(reader: Reader, place: Place): number | undefined {
  return wholeNumber(reader, 'max_parallel_requests', place, MOST_INT4);
}
