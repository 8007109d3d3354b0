import { parseDuration } from '../identity/duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LAST_YEAR = 9999;

/** A time as clocks on a wall show it, written as if it were UTC: arithmetic on days, months and hours happens there. */
type WallTime = number;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

function wallTime(instant: number, zone: string): WallTime {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** An instant from which on the wall shows `wall` or later; for a time that is left out, the end of the gap. */
function instantOf(wall: WallTime, zone: string): number {
  // No zone is a day and a half away from UTC, also where it has changed the side of the date line.
  let early = wall - 1.5 * DAY;
  let late = wall + 1.5 * DAY;
  while (late - early > SECOND) {
    const middle = early + Math.floor((late - early) / 2 / SECOND) * SECOND;
    if (wallTime(middle, zone) >= wall) late = middle;
    else early = middle;
  }
  return late;
}

function startOfMonth(wall: WallTime, months: number): WallTime {
  const date = new Date(wall);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
}

const startOf = (wall: WallTime, span: number): WallTime => Math.floor(wall / span) * span;

function nextMonday(midnight: WallTime): WallTime {
  const weekday = (new Date(midnight).getUTCDay() + 6) % 7;
  return midnight + (7 - weekday) * DAY;
}

function daysLater(midnight: WallTime, days: number): WallTime {
  if (days === 7) return nextMonday(midnight);
  if (days === 30) return startOfMonth(midnight, 1);
  return midnight + days * DAY;
}

/** The next multiple of `step`, counted from the beginning of the day, the hour or the minute. */
function nextMultiple(wall: WallTime, from: number, step: number): WallTime {
  const start = startOf(wall, from);
  return start + (Math.floor((wall - start) / step) + 1) * step;
}

/** What the wall shows at the next reset. */
function nextWallTime(duration: string, wall: WallTime): WallTime {
  const midnight = startOf(wall, DAY);
  const { count = 0, unit = '' } = parseDuration(duration) ?? {};
  if (count === 0) return midnight + DAY;
  switch (unit) {
    case 'mo':
      return startOfMonth(wall, count);
    case 'w':
      return daysLater(midnight, 7 * count);
    case 'd':
      return daysLater(midnight, count);
    case 'h':
      return nextMultiple(wall, DAY, count * HOUR);
    case 'm':
      return nextMultiple(wall, HOUR, count * MINUTE);
    default:
      return nextMultiple(wall, MINUTE, count * SECOND);
  }
}

/**
 * When a budget of this duration is reset next, always after `now` and at a whole second: on the calendar of the zone, as
 * LiteLLM does it, not a duration after now. What cannot be read, or lies beyond the year 9999, is the next midnight.
 */
export function nextReset(duration: string, now: number, zone: string): Date {
  const wall = wallTime(now, zone);
  const wanted = nextWallTime(duration, wall);
  const readable = new Date(wanted).getUTCFullYear() <= LAST_YEAR;
  let next = readable ? wanted : startOf(wall, DAY) + DAY;
  let instant = instantOf(next, zone);
  // In an hour that occurs twice the wall may have shown it already.
  while (instant <= now) {
    next = nextWallTime(duration, next);
    instant = instantOf(next, zone);
  }
  return new Date(instant);
}

/** Whether the text names a time zone of the IANA database. */
export function isTimeZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}
