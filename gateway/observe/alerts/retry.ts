const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;

const FIRST_MS = 10 * SECOND;
const LONGEST_MS = HOUR;
/** A receiver may ask for more time, but not for so much that a mistake of it swallows an alert. */
const MOST_ASKED_MS = 24 * HOUR;

/**
 * How long to wait after the `attempts`-th attempt: 10 s, twice as long each time up to an hour, less up to half of it by chance,
 * so that what failed at once is not sent again at once. `random`: from 0 to below 1.
 */
export function retryDelay(attempts: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 20));
  return Math.ceil(full * (1 - random / 2));
}

/** What a `Retry-After` asks for, in milliseconds: seconds, or a date; 0 where it asks for nothing that can be read. */
export function askedDelay(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0;
  const text = retryAfter.trim();
  const askedMs = /^\d+$/.test(text) ? Number(text) * SECOND : Date.parse(text) - now;
  return Number.isNaN(askedMs) ? 0 : Math.min(Math.max(askedMs, 0), MOST_ASKED_MS);
}
