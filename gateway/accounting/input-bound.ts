import { setImmediate as turn } from 'node:timers/promises';
import { type Prompt, readPrompt } from './prompt.ts';
import { isCounted, type Tokenizer, type Tokenizers } from './tokenizer.ts';

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
  /** What else becomes part of the prompt: `tools`, `functions`, `response_format` ... */
  readonly extras: readonly unknown[];
}

/** How much more tokens another tokenizer may make than OpenAI's, in tenths. */
const TENTHS_OF_OTHERS = 13;

/** Longer prompts are bounded by their bytes: this one takes up to a quarter of a second of CPU. */
const MOST_BYTES = 128 * 1024;

/** Characters counted before other calls get their turn: some milliseconds. */
const SLICE = 4096;

/** How far back a place is looked for at which no word is cut. */
const CUT_WITHIN = 256;
const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
const isSecondHalf = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

/** Where to cut: before a space between two letters, where no token can reach across; else between two characters. */
function cutBefore(text: string, most: number): number {
  for (let at = most; at > most - CUT_WITHIN; at--) {
    const between = isLetter(text.charCodeAt(at - 1)) && isLetter(text.charCodeAt(at + 1));
    if (text[at] === ' ' && between) return at;
  }
  return isSecondHalf(text.charCodeAt(most)) ? most - 1 : most;
}

async function countTokens(text: string, tokenizer: Tokenizer): Promise<number> {
  let tokens = 0;
  let from = 0;
  while (text.length - from > SLICE) {
    const to = cutBefore(text, from + SLICE);
    tokens += tokenizer.count(text.slice(from, to));
    from = to;
    await turn();
  }
  return tokens + tokenizer.count(text.slice(from));
}

/**
 * Most tokens that a prompt can be, close to what it is: exact in its texts for OpenAI's models, 1.3 times OpenAI's count for
 * those whose tokenizer we lack. Never more than by its bytes. Loads the tokenizer when it is the first to need it.
 */
export async function tokenizerInputBound(
  { model, messages, extras }: ParsedPrompt,
  tokenizers: Tokenizers,
): Promise<number> {
  const template = templateOf(model);
  const prompt = readPrompt(messages, model);
  const texts = [...prompt.texts, ...extras.map((extra) => JSON.stringify(extra))];
  const bytes = bytesOf(texts);
  const rest = aroundTexts(template, prompt) + extras.length * template.perExtra + sum(prompt.media);
  if (bytes > MOST_BYTES) return bytes + rest;
  const tokenizer = await tokenizers.load(model);
  let tokens = 0;
  for (const text of texts) tokens += await countTokens(text, tokenizer);
  const counted = isCounted(model) ? tokens : Math.ceil((tokens * TENTHS_OF_OTHERS) / 10);
  return Math.min(counted, bytes) + rest;
}
