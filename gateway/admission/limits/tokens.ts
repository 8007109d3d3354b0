import type { Call } from '../../call.ts';
import type { CallSize } from '../call-size.ts';

const BYTES_PER_TOKEN = 4;
const TIMED_OUT = 408;
const CLIENT_CLOSED = 499;

/** Which tokens count on limits. */
export type LimitedTokens = 'total' | 'input' | 'output';

/**
 * The tokens that a call reserves: LiteLLM's rule, a quarter of what was sent, at least one, and what all of its answers may
 * have. Bytes stand for characters: texts in which they differ have more tokens than a quarter of their letters.
 */
export function reservedTokens({ bytes, maxTokens, choices }: CallSize, counted: LimitedTokens): number {
  const sent = Math.max(1, Math.floor(bytes / BYTES_PER_TOKEN));
  const made = (maxTokens ?? 0) * choices;
  return { total: sent + made, input: sent, output: Math.max(1, made) }[counted];
}

/**
 * The tokens that a finished call used, as its usage says. A provider that failed used none; one that was left alone, by
 * the client or after its time, before it said anything may have used any number: null.
 */
export function settledTokens(
  { usage, estimated, failure, status }: Call,
  counted: LimitedTokens,
): number | null {
  const leftAlone = status === TIMED_OUT || status === CLIENT_CLOSED;
  const known = usage !== null && !(leftAlone && estimated && usage.completion === 0);
  if (known) return { total: usage.total, input: usage.prompt, output: usage.completion }[counted];
  return failure === null || leftAlone ? null : 0;
}
