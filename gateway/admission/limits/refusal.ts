import { GatewayError } from '../../http/errors.ts';
import type { Refused } from './limit-store.ts';
import { WINDOW_MS } from './sliding-window.ts';

const SECOND = 1000;
/** Asked of a client that waits for calls which run now: they may end at any moment. */
const SOON_MS = SECOND;

/** A time as LiteLLM's message writes it: `2026-11-27 12:00:01 UTC`, rounded up to the second. */
function resetText(timeMs: number): string {
  const text = new Date(Math.ceil(timeMs / SECOND) * SECOND).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

/** How long to wait; what never fits is answered with the window, as LiteLLM answers everything. */
function pauseMs(waitMs: Refused['waitMs']): number {
  if (waitMs === null) return SOON_MS;
  return Number.isFinite(waitMs) ? waitMs : WINDOW_MS;
}

/** The 429 of a limit that is reached, in the words that LiteLLM's clients look for. `now`: epoch milliseconds. */
export function limitReached(
  { limit: { scope, value, type, limit }, remaining, waitMs }: Refused,
  now: number,
) {
  const pause = pauseMs(waitMs);
  const resetAt = resetText(now + pause);
  return new GatewayError(
    'rate_limited',
    `Rate limit exceeded for ${scope}: ${value}. Limit type: ${type}. Current limit: ${limit}, ` +
      `Remaining: ${remaining}. Limit resets at: ${resetAt}`,
    {
      headers: {
        'retry-after': String(Math.ceil(pause / SECOND)),
        rate_limit_type: type,
        reset_at: resetAt,
      },
    },
  );
}
