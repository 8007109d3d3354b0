import type { Days } from '../../store/daily-sums.ts';
import { dayOf } from '../../store/partitions.ts';
import { badRequest } from './faults.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

export interface AskedDays {
  readonly start_date?: string;
  readonly end_date?: string;
}

function isDay(text: string): boolean {
  return DAY.test(text) && !Number.isNaN(Date.parse(text));
}

function requireBoth({ start_date, end_date }: AskedDays): Required<AskedDays> {
  if (!start_date || !end_date) {
    throw badRequest(start_date ? 'end_date' : 'start_date', 'Please provide start_date and end_date');
  }
  return { start_date, end_date };
}

/** The days that a report is asked for. Throws GatewayError bad_request unless both ends are days. */
export function readDays(asked: AskedDays): Days {
  const { start_date: from, end_date: until } = requireBoth(asked);
  for (const [param, text] of [
    ['start_date', from],
    ['end_date', until],
  ] as const) {
    if (!isDay(text)) throw badRequest(param, `'${param}' must be a day, written YYYY-MM-DD`);
  }
  return { from, until };
}

/** As readDays; null when neither end is given. */
export function readDaysIfAny(asked: AskedDays): Days | null {
  return !asked.start_date && !asked.end_date ? null : readDays(asked);
}

/** Today and the thirty days before. */
export function lastDays(now: number): Days {
  return { from: dayOf(now - 30 * DAY_MS), until: dayOf(now) };
}

export interface Period {
  readonly from: Date;
  readonly before: Date;
}

/** The instants of days. */
export function periodOf({ from, until }: Days): Period {
  return { from: new Date(from), before: new Date(Date.parse(until) + DAY_MS) };
}

/** What begins with a second and ends with one, `YYYY-MM-DD HH:MM:SS` in UTC, or with whole days. Throws GatewayError bad_request. */
export function readPeriod(asked: AskedDays): Period {
  const { start_date, end_date } = requireBoth(asked);
  const instant = (param: string, text: string, lengthMs: number): number => {
    const time = TIME.test(text) ? Date.parse(`${text.replace(' ', 'T')}Z`) : Number.NaN;
    if (!Number.isNaN(time)) return time + Math.min(lengthMs, 1000);
    if (isDay(text)) return Date.parse(text) + lengthMs;
    throw badRequest(param, `'${param}' must be a time in UTC, written YYYY-MM-DD HH:MM:SS`);
  };
  return {
    from: new Date(instant('start_date', start_date, 0)),
    before: new Date(instant('end_date', end_date, DAY_MS)),
  };
}
