import type { TokenCounter } from '../accounting/token-counter.ts';
import { MOST_TOKENS } from '../accounting/usage.ts';
import type { TokenBound } from '../call.ts';

export type Counter = Pick<TokenCounter, 'count'>;

/** What a call says about its size: all that limits reserve, drafts cover and budgets set aside is worked out from it. */
export interface CallSize {
  /** Of the request. */
  readonly bytes: number;
  /** The most tokens that its prompt can be for a model, for next to nothing. */
  readonly inputTokens: (model: string) => number;
  /** The same, close to what it is, as far as `counter` can tell. */
  readonly countedTokens: (model: string, counter: Counter) => Promise<number>;
  /** The most tokens of one answer; null when nobody named a limit. */
  readonly maxTokens: number | null;
  /** Answers asked for. */
  readonly choices: number;
}

/** What a model makes about at most that is told no limit. */
const DEFAULT_COMPLETION = 4096;

/** The most tokens that a record of the call shows: of its prompt none is shorter than a byte, and of all answers together. */
export function tokenBound({ bytes, maxTokens, choices }: CallSize): TokenBound {
  const completion = (maxTokens ?? DEFAULT_COMPLETION) * choices;
  return { prompt: bytes, completion: Math.min(completion, MOST_TOKENS) };
}

/** The call as small as its prompt can be told to be for these models. */
export async function countedSize(
  size: CallSize,
  models: readonly string[],
  counter: Counter,
): Promise<CallSize> {
  const counting = [...new Set(models)].map(async (model) => {
    const counted = await size.countedTokens(model, counter);
    return [model, Math.min(size.inputTokens(model), counted)] as const;
  });
  const counts = new Map(await Promise.all(counting));
  return { ...size, inputTokens: (model) => counts.get(model) ?? size.inputTokens(model) };
}
