import { clippedJson } from './clip-json.ts';

/** What of the words of a call outlives it. */
export interface Keeping {
  /** Prompt and answer: neither, a word in their place, or both. */
  readonly content: 'nothing' | 'redacted' | 'content';
  /** Whether a failure's row may say it in the provider's words. */
  readonly providerWords: boolean;
  /** Characters of one text that are kept of it. */
  readonly textLength: number;
}

/** Where nothing is kept that anybody has said. */
export const KEEPS_NOTHING: Keeping = Object.freeze({
  content: 'nothing',
  providerWords: false,
  textLength: 0,
});

/** Prompt and answer of a call as its row holds them: JSON texts. */
export interface Content {
  readonly request: string;
  readonly response: string;
}

/**
 * Characters. A record in the journal has 256 Ki at most, in which each of these may count twice, as an escaped one: so it is
 * stored in spite of its content, whatever that is.
 */
const MOST_REQUEST = 64 * 1024;
const MOST_RESPONSE = 32 * 1024;

const NONE = '{}';
/** LiteLLM's word for what it does not show. */
const MESSAGE = { content: 'redacted-by-litellm' };
const REDACTED_ANSWER = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', ...MESSAGE } }],
});

function redactedRequest(model: string): string {
  return JSON.stringify({ model, messages: [{ role: 'user', ...MESSAGE }] });
}

/** What is kept of an answer; null when it is not JSON. */
export function keptAnswer(bytes: Buffer, textLength: number): string | null {
  return clippedJson(bytes, { text: textLength, total: MOST_RESPONSE });
}

/** A call that is over, as far as its content goes. */
export interface Said {
  readonly keeping: Keeping;
  readonly modelGroup: string;
  readonly asked: Buffer | null;
  readonly answered: string | null;
  readonly failure: object | null;
}

/** What is kept of a call that is over; null when that is nothing. A call that failed has no answer, as in LiteLLM. */
export function contentOf({ keeping, modelGroup, asked, answered, failure }: Said): Content | null {
  if (keeping.content === 'nothing') return null;
  if (keeping.content === 'redacted') {
    return {
      request: redactedRequest(modelGroup),
      response: failure === null ? REDACTED_ANSWER : NONE,
    };
  }
  const limits = { text: keeping.textLength, total: MOST_REQUEST };
  return {
    request: (asked && clippedJson(asked, limits)) ?? NONE,
    response: (failure === null ? answered : null) ?? NONE,
  };
}
