import type { TokenKind } from './token-kinds.ts';

/**
 * Tokens of one answer, as they are billed. Every token of the prompt and of the answer is of exactly one kind, `input` and
 * `output` being those of no other kind: the kinds sum to `prompt` and `completion`.
 */
export interface Usage extends Readonly<Record<TokenKind, number>> {
  /** All tokens of the prompt, the cached ones included. */
  readonly prompt: number;
  /** All tokens made, reasoning included. */
  readonly completion: number;
  readonly total: number;
  /** The provider's object as it was sent. */
  readonly raw: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NO_FIELDS: Fields = {};

/** The members of an object inside; none when there is no such object. */
function inside(fields: Fields, member: string): Fields {
  const value = fields[member];
  return isObject(value) ? value : NO_FIELDS;
}

/** Far beyond any model, and even the sum of three fits the columns, which hold 2^31 - 1. */
export const MOST_TOKENS = 500_000_000;

/** A count of tokens; anything that is none, or cannot be true, counts as absent. */
function count(value: unknown): number | undefined {
  const counts = typeof value === 'number' && Number.isSafeInteger(value);
  return counts && value >= 0 && value <= MOST_TOKENS ? value : undefined;
}

/** Some providers report reasoning beside `completion_tokens`: then the total tells that it must be added. */
function completionTokens(raw: Fields, prompt: number): number {
  const completion = count(raw.completion_tokens) ?? 0;
  const reasoning = count(inside(raw, 'completion_tokens_details').reasoning_tokens) ?? 0;
  return raw.total_tokens === prompt + completion + reasoning ? completion + reasoning : completion;
}

/** Deals out a number of tokens to kinds, none of which gets more than is left. */
class Share {
  left: number;

  constructor(tokens: number) {
    this.left = tokens;
  }

  take(tokens: number): number {
    const taken = Math.min(tokens, this.left);
    this.left -= taken;
    return taken;
  }
}

/** OpenAI's and OpenRouter's name, else DeepSeek's, Anthropic's or Moonshot's beside it. */
function cachedTokens(raw: Fields, details: Fields): number {
  return (
    count(details.cached_tokens) ??
    count(raw.prompt_cache_hit_tokens) ??
    count(raw.cache_read_input_tokens) ??
    count(raw.cached_tokens) ??
    0
  );
}

/** Tokens written to a cache: how many, and how many of them to the one that lasts an hour. */
function writtenTokens(raw: Fields, details: Fields): { all: number; hour: number } {
  const split = isObject(raw.cache_creation)
    ? raw.cache_creation
    : inside(details, 'cache_creation_token_details');
  const hour = count(split.ephemeral_1h_input_tokens) ?? 0;
  const short = count(split.ephemeral_5m_input_tokens) ?? 0;
  const all =
    count(details.cache_write_tokens) ??
    count(details.cache_creation_tokens) ??
    count(raw.cache_creation_input_tokens) ??
    hour + short;
  return { all, hour };
}

/** Where kinds overlap or lie, the first in this order wins: read from a cache, written (an hour, then the rest), sounds, pictures. */
function inputKindsOf(raw: Fields, prompt: number) {
  const details = inside(raw, 'prompt_tokens_details');
  const written = writtenTokens(raw, details);
  const share = new Share(prompt);
  return {
    cacheRead: share.take(cachedTokens(raw, details)),
    cacheWrite1h: share.take(written.hour),
    cacheWrite: share.take(Math.max(0, written.all - written.hour)),
    audioInput: share.take(count(details.audio_tokens) ?? 0),
    imageInput: share.take(count(details.image_tokens) ?? 0),
    input: share.left,
  };
}

/** Likewise: reasoning, sounds, pictures. */
function outputKindsOf(raw: Fields, completion: number) {
  const details = inside(raw, 'completion_tokens_details');
  const share = new Share(completion);
  return {
    reasoning: share.take(count(details.reasoning_tokens) ?? 0),
    audioOutput: share.take(count(details.audio_tokens) ?? 0),
    imageOutput: share.take(count(details.image_tokens) ?? 0),
    output: share.left,
  };
}

/** Reads a provider's usage object; null when it is none or counts no tokens. */
export function readUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const counted = count(raw.prompt_tokens);
  if (counted === undefined && count(raw.completion_tokens) === undefined) return null;
  const prompt = counted ?? 0;
  const completion = completionTokens(raw, prompt);
  return {
    prompt,
    completion,
    total: prompt + completion,
    ...inputKindsOf(raw, prompt),
    ...outputKindsOf(raw, completion),
    raw,
  };
}
