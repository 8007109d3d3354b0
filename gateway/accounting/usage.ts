/** Tokens of one answer, as they are billed. */
export interface Usage {
  /** All tokens of the prompt, the cached ones included. */
  readonly prompt: number;
  /** All tokens made, reasoning included. */
  readonly completion: number;
  readonly total: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** The provider's object as it was sent. */
  readonly raw: Readonly<Record<string, unknown>>;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Far beyond any model, and even the sum of three fits the columns, which hold 2^31 - 1. */
const MOST_TOKENS = 500_000_000;

/** A count of tokens; anything that is none, or cannot be true, counts as absent. */
function count(value: unknown): number | undefined {
  const counts = typeof value === 'number' && Number.isSafeInteger(value);
  return counts && value >= 0 && value <= MOST_TOKENS ? value : undefined;
}

function nested(
  usage: Readonly<Record<string, unknown>>,
  object: string,
  member: string,
): number | undefined {
  const inner = usage[object];
  return isObject(inner) ? count(inner[member]) : undefined;
}

/** Some providers report reasoning beside `completion_tokens`: then the total tells that it must be added. */
function completionTokens(raw: Readonly<Record<string, unknown>>, prompt: number): number {
  const completion = count(raw.completion_tokens) ?? 0;
  const reasoning = nested(raw, 'completion_tokens_details', 'reasoning_tokens') ?? 0;
  return raw.total_tokens === prompt + completion + reasoning ? completion + reasoning : completion;
}

/** Reads a provider's usage object; null when it is none or counts no tokens. */
export function readUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const prompt = count(raw.prompt_tokens);
  if (prompt === undefined && count(raw.completion_tokens) === undefined) return null;
  const completion = completionTokens(raw, prompt ?? 0);
  const cacheRead =
    nested(raw, 'prompt_tokens_details', 'cached_tokens') ?? count(raw.prompt_cache_hit_tokens) ?? 0;
  const cacheWrite =
    nested(raw, 'prompt_tokens_details', 'cache_write_tokens') ?? count(raw.cache_creation_input_tokens) ?? 0;
  return {
    prompt: prompt ?? 0,
    completion,
    total: (prompt ?? 0) + completion,
    cacheRead,
    cacheWrite,
    raw,
  };
}
