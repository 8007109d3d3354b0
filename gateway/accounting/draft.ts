import type { Call, TokenBound } from '../call.ts';
import { settleEstimate, spendRecord } from './settle.ts';
import type { SpendRecord } from './spend.ts';

const SECOND = 1000;
const LEAST_TOKENS = 16;

/**
 * What a running call becomes if nothing more is heard of it, having used so many tokens at most. It costs no more than was
 * set aside for it.
 */
export function draftRecord(call: Call, { prompt, completion }: TokenBound, now: number): SpendRecord {
  const draft: Call = { ...call, endedAt: now };
  const counts = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  settleEstimate(draft, { ...counts, estimated: true });
  draft.charges = call.reservation?.chargesFor(draft.spend) ?? [];
  return spendRecord(draft);
}

/**
 * When a stream's draft is to be replaced. The first draft covers all that the call may cost. Once a stream has run for a
 * second, a draft covers twice of what it has sent, and the next one is due when that is not enough. So what is on record
 * is never less than what was sent, nor much more than twice of it, for one draft a second at most in an even stream, and
 * ever fewer as it goes on.
 */
export class StreamDrafts {
  readonly #firstAt: number;
  readonly #most: number;
  #covered: number;
  #first = true;

  /** `most` is the call's bound of completion tokens. */
  constructor(startedAt: number, most: number) {
    this.#firstAt = startedAt + SECOND;
    this.#most = most;
    this.#covered = most;
  }

  /** The completion tokens to put on record before so many are sent; null when the draft in place will do. */
  due(sent: number, now: number): number | null {
    if (sent <= this.#covered && !(this.#first && now >= this.#firstAt)) return null;
    this.#first = false;
    const twice = 2 * sent + LEAST_TOKENS;
    this.#covered = sent <= this.#most ? Math.min(twice, this.#most) : twice;
    return this.#covered;
  }
}
