import { readPrompt } from './prompt.ts';
import type { Tokenizer } from './tokenizer.ts';

const BYTES_PER_TOKEN = 4;
/** About how many tokens a text of so many bytes is. */
export const estimateTokens = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN);

/** A picture, a sound or a file, whose base64 says nothing about its tokens; less where it cannot be as many. */
const MEDIA_TOKENS = 1000;
const TOKENS_AROUND_MESSAGE = 3;
/** More than that is not handed to the tokenizer: other calls would have to wait. */
const MOST_BYTES = 16 * 1024;

function textTokens(texts: readonly string[], tokenizer: Tokenizer | undefined): number {
  const bytes = texts.map((text) => Buffer.byteLength(text));
  const counted = tokenizer !== undefined && bytes.reduce((sum, size) => sum + size, 0) <= MOST_BYTES;
  const tokens = counted ? texts.map((text) => tokenizer.count(text)) : bytes.map(estimateTokens);
  return tokens.reduce((sum, count) => sum + count, 0);
}

export interface Unreported {
  readonly model: string;
  readonly messages: unknown;
  readonly completionTokens: number;
}

/**
 * A usage object for an answer whose provider sent none, or whose end nobody waited for, marked `estimated`. Texts are
 * counted by the tokenizer where one is loaded, else a token is four bytes; a medium is a flat thousand.
 */
export function estimatedUsage(
  { model, messages, completionTokens }: Unreported,
  tokenizer: Tokenizer | undefined,
): Readonly<Record<string, unknown>> {
  const prompt = readPrompt(messages, model);
  const media = prompt.media.reduce((sum, most) => sum + Math.min(most, MEDIA_TOKENS), 0);
  const promptTokens = prompt.messages * TOKENS_AROUND_MESSAGE + textTokens(prompt.texts, tokenizer) + media;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    estimated: true,
  };
}

/** About how many tokens an answer's choices are. */
export function estimateCompletionTokens(choices: unknown, tokenizer: Tokenizer | undefined): number {
  if (!Array.isArray(choices)) return 0;
  const contents = choices.map((choice) => choice?.message?.content);
  return textTokens(
    contents.filter((content) => typeof content === 'string'),
    tokenizer,
  );
}
