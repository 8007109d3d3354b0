/** What the fake provider says: worked out from the request alone, so that a test can know it. */
import type { ChatBody } from './fake-provider-rules.ts';

/** Words of several bytes a character, so that pieces of bytes can end inside one. */
const WORDS = ['héllo', 'wörld', '日本', '🙂', 'quote"d', 'back\\slash', 'line\nbreak', 'plain'];
const DEFAULT_WORDS = 8;
const CREATED = 1_760_000_000;

export interface Produced {
  readonly id: string;
  readonly model: string;
  readonly words: readonly string[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

/** A token is a word of the prompt, three more a message; a quarter of them counts as cached. */
export function produce(body: ChatBody, serial: number): Produced {
  const prompt = body.messages.reduce(
    (sum, { content }) => sum + 3 + JSON.stringify(content ?? '').split(/\s+/).length,
    0,
  );
  const count = body.max_completion_tokens ?? body.max_tokens ?? DEFAULT_WORDS;
  const words = Array.from({ length: count }, (_, index) => `${WORDS[index % WORDS.length]} `);
  return {
    id: `chatcmpl-fake${serial}`,
    model: `${body.model}-2026-01-01`,
    words,
    usage: {
      prompt_tokens: prompt,
      completion_tokens: count,
      total_tokens: prompt + count,
      prompt_tokens_details: { cached_tokens: Math.floor(prompt / 4) },
    },
  };
}

/** The answer of a request that is not streamed. */
export function completion({ id, model, words, usage }: Produced): string {
  const message = { role: 'assistant', content: words.join(''), refusal: null };
  return JSON.stringify({
    id,
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage,
    system_fingerprint: 'fp_fake',
  });
}

/** The events of a streamed answer, each with its blank line. */
export function events({ id, model, words, usage }: Produced, includeUsage: boolean): string[] {
  const chunk = (choices: readonly object[], more: object = includeUsage ? { usage: null } : {}) =>
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: CREATED, model, choices, ...more })}\n\n`;
  const choice = (delta: object, finish: string | null = null) => [
    { index: 0, delta, finish_reason: finish },
  ];
  return [
    chunk(choice({ role: 'assistant', content: '' })),
    ...words.map((content) => chunk(choice({ content }))),
    chunk(choice({}, 'stop')),
    ...(includeUsage ? [chunk([], { usage })] : []),
    'data: [DONE]\n\n',
  ];
}
