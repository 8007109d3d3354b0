import { readPrompt } from './prompt.ts';
import type { TokenCounter } from './token-counter.ts';

const BYTES_PER_TOKEN = 4;
/** About how many tokens a text of so many bytes is. */
export const estimateTokens = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN);

/** A picture, a sound or a file, whose base64 says nothing about its tokens; less where it cannot be as many. */
const MEDIA_TOKENS = 1000;
const TOKENS_AROUND_MESSAGE = 3;

/** What an answer is made of: its texts, and the tokens that these are at least. */
export interface Produced {
  readonly texts: readonly string[];
  readonly atLeast: number;
}

/** An answer whose provider told no usage, or whose end nobody waited for. */
export interface Unreported {
  readonly model: string;
  readonly messages: unknown;
  readonly completion: Produced;
  /** How long counting may take, where that is less than the counter's own patience. */
  readonly hasteMs?: number | undefined;
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

async function textTokens(
  { model, hasteMs }: Unreported,
  texts: readonly string[],
  counter: Pick<TokenCounter, 'count'>,
): Promise<number> {
  if (texts.length === 0) return 0;
  const counted = await counter.count(model, texts, hasteMs);
  return counted ?? sum(texts.map((text) => estimateTokens(Buffer.byteLength(text))));
}

/**
 * A usage object for it, marked `estimated`. Texts are counted by tokenizer; what cannot be counted is four bytes a token. A
 * medium is a flat thousand.
 */
export async function estimatedUsage(
  unreported: Unreported,
  counter: Pick<TokenCounter, 'count'>,
): Promise<Readonly<Record<string, unknown>>> {
  const { model, messages, completion } = unreported;
  const prompt = readPrompt(messages, model);
  const media = sum(prompt.media.map((most) => Math.min(most, MEDIA_TOKENS)));
  const [texts, produced] = await Promise.all([
    textTokens(unreported, prompt.texts, counter),
    textTokens(unreported, completion.texts, counter),
  ]);
  const completionTokens = Math.max(produced, completion.atLeast);
  const promptTokens = prompt.messages * TOKENS_AROUND_MESSAGE + texts + media;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    estimated: true,
  };
}

/** A message's members that are made of tokens, under the names that providers give them. */
function spoken(message: unknown): unknown[] {
  const { content, reasoning_content, reasoning, refusal, tool_calls } = (message ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const calls = Array.isArray(tool_calls) ? tool_calls.map((call) => call?.function) : [];
  return [
    content,
    reasoning_content ?? reasoning,
    refusal,
    ...calls.flatMap((called) => [called?.name, called?.arguments]),
  ];
}

/** The texts of an answer's choices: what is said, thought and called. */
export function textsOf(choices: unknown): string[] {
  if (!Array.isArray(choices)) return [];
  return choices
    .flatMap((choice) => spoken(choice?.message))
    .filter((text): text is string => typeof text === 'string');
}
