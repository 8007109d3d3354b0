import { GatewayError } from '../http/errors.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const unitMs: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
const DURATION = /^(\d{1,12})(mo|[smhdw])$/;
const LAST_YEAR = 9999;

/** Words that guides write; LiteLLM takes them and fails when the budget is to be reset. */
const words: ReadonlyMap<string, string> = new Map([
  ['hourly', '1h'],
  ['daily', '1d'],
  ['weekly', '1w'],
  ['monthly', '1mo'],
]);

/** The parts of a duration (`30d`, `1mo`, `monthly`); undefined when the text is none. */
export function parseDuration(text: string): { readonly count: number; readonly unit: string } | undefined {
  const [, count, unit] = DURATION.exec(words.get(text) ?? text) ?? [];
  return unit === undefined ? undefined : { count: Number(count), unit };
}

/** `months` later by the calendar; the last day of the month stands in for a day that the month lacks. */
function monthsLater(start: Date, months: number): Date {
  const year = start.getUTCFullYear();
  const month = start.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const later = new Date(start);
  later.setUTCFullYear(year, month, Math.min(start.getUTCDate(), lastDay));
  return later;
}

/**
 * When something ends that lasts `duration` (`30s`, `24h`, `30d`, `1mo`) from now; null for no duration (absent, empty,
 * `none`, `null`). Throws GatewayError bad_request for any other text.
 */
export function endOf(duration: string | null | undefined, nowMs: number): Date | null {
  const text = (duration ?? '').trim();
  if (text === '' || text === 'none' || text === 'null') return null;
  const { count = Number.NaN, unit = '' } = parseDuration(text) ?? {};
  const now = new Date(nowMs);
  const end =
    unit === 'mo' ? monthsLater(now, count) : new Date(nowMs + count * (unitMs[unit] ?? Number.NaN));
  if (!(end.getUTCFullYear() <= LAST_YEAR)) {
    throw new GatewayError(
      'bad_request',
      `Invalid duration '${text}': write a whole number and s, m, h, d, w or mo, such as 30d, that ends before the year 10000`,
      { param: 'duration' },
    );
  }
  return end;
}
