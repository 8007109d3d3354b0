import { isCounted } from './encoding.ts';
import { type Prompt, readPrompt } from './prompt.ts';
import type { TokenCounter } from './token-counter.ts';

/** Tokens that a provider puts around what a client sends. */
interface Template {
  readonly perMessage: number;
  /** For a message that names who speaks. */
  readonly perName: number;
  readonly perCall: number;
  /** For tools, a schema of the answer and the like: each of them brings words of its own. */
  readonly perExtra: number;
}

/** OpenAI's cookbook, "How to count tokens with tiktoken": 3 a message, 1 a name, 3 for the answer to begin. */
const OPENAI: Template = { perMessage: 3, perName: 1, perCall: 3, perExtra: 32 };

/**
 * Llama's headers take 5 tokens a message; Harmony's system message takes some 70 a call, Llama's dates 25; tools take 346 at
 * Anthropic (530 in Claude 3), and those providers tell no more than that.
 */
const OTHERS: Template = { perMessage: 8, perName: 0, perCall: 256, perExtra: 600 };

function templateOf(model: string): Template {
  return isCounted(model) && !model.includes('gpt-oss') ? OPENAI : OTHERS;
}

function aroundTexts({ perMessage, perName, perCall }: Template, { messages, names }: Prompt): number {
  return perCall + messages * perMessage + names * perName;
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
const bytesOf = (texts: readonly string[]): number => sum(texts.map((text) => Buffer.byteLength(text)));

/** A request as it was sent. */
export interface SentPrompt {
  readonly model: string;
  /** JSON text of `messages`. */
  readonly messages: Buffer;
  /** Sizes of the JSON texts of what else becomes part of the prompt: `tools`, `functions`, `response_format` ... */
  readonly extraBytes: readonly number[];
  /** The messages, parsed: asked for only when something in them may not be text. */
  readonly parsed: () => unknown;
}

/** What only messages have whose contents are more than texts, and what such a name could be hidden behind. */
const NOT_ONLY_TEXT = /\\u|"(?:type|[\w-]*(?:image|audio|video|file|document|media)[\w-]*)"/i;

/**
 * Most tokens that a prompt can be, for next to nothing. No tokenizer that works on bytes makes more tokens of a text than
 * it has bytes, and JSON is longer than the texts in it, by more than what a provider puts around each message.
 */
export function cheapInputBound({ model, messages, extraBytes, parsed }: SentPrompt): number {
  const template = templateOf(model);
  const extras = sum(extraBytes) + extraBytes.length * template.perExtra;
  if (!NOT_ONLY_TEXT.test(messages.toString('latin1'))) return template.perCall + extras + messages.length;
  const prompt = readPrompt(parsed(), model);
  return extras + aroundTexts(template, prompt) + bytesOf(prompt.texts) + sum(prompt.media);
}

/** A request, parsed. */
export interface ParsedPrompt {
  readonly model: string;
  readonly messages: unknown;
  /** JSON texts of what else becomes part of the prompt: `tools`, `functions`, `response_format` ... */
  readonly extras: readonly string[];
}

/** How much more tokens another tokenizer may make than OpenAI's, in tenths. */
const TENTHS_OF_OTHERS = 13;

/**
 * Most tokens that a prompt can be, close to what it is: exact in its texts for OpenAI's models, 1.3 times OpenAI's count for
 * those whose tokenizer we lack. Never more than by its bytes, which count where the counter cannot.
 */
export async function tokenizerInputBound(
  { model, messages, extras }: ParsedPrompt,
  counter: Pick<TokenCounter, 'count'>,
): Promise<number> {
  const template = templateOf(model);
  const prompt = readPrompt(messages, model);
  const texts = [...prompt.texts, ...extras];
  const bytes = bytesOf(texts);
  const around = aroundTexts(template, prompt) + extras.length * template.perExtra + sum(prompt.media);
  const tokens = await counter.count(model, texts);
  if (tokens === undefined) return bytes + around;
  const counted = isCounted(model) ? tokens : Math.ceil((tokens * TENTHS_OF_OTHERS) / 10);
  return Math.min(counted, bytes) + around;
}
