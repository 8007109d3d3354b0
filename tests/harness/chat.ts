import { MASTER_KEY } from './gateway-process.ts';

export const MESSAGES = [
  { role: 'system', content: 'You are terse.' },
  { role: 'user', content: 'Say the secret word xyzzy-prompt please' },
] as const;

export interface ChatCall {
  readonly url: string;
  readonly body: object;
  readonly key?: string;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts a chat request as any HTTP client would. */
export function postChat({ url, body, key = MASTER_KEY, signal, headers }: ChatCall): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** The payloads of an event stream, in their order. */
export function eventsOf(text: string): string[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length));
}

/** One deployment of a config file; every member of `more` stands in `litellm_params` too. */
export function deployment(
  name: string,
  apiBase: string,
  more: Readonly<Record<string, unknown>> = {},
): object {
  return {
    model_name: name,
    litellm_params: {
      model: 'openai/gpt-4o-mini',
      api_base: apiBase,
      api_key: 'os.environ/TEST_PROVIDER_KEY',
      ...more,
    },
  };
}
