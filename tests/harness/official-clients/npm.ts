import OpenAI from 'openai';
import { VERSION } from 'openai/version';
import type { Call, ClientError, OfficialClient, Outcome } from './client.ts';

/** The official client of npm, in this process. */
export function npmClient(): OfficialClient {
  return {
    version: VERSION,
    async ask(call) {
      const hurry = new Hurry();
      try {
        return { answer: await act(call, hurry.fetch), waited: hurry.waited };
      } catch (error) {
        if (!(error instanceof OpenAI.APIError)) throw error;
        return { error: shown(error), waited: hurry.waited };
      } finally {
        hurry.end();
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function act(call: Call, fetch: typeof globalThis.fetch): Promise<Outcome['answer']> {
  const { url, key } = call;
  const maxRetries = call.does === 'chat' ? (call.retries ?? 0) : 0;
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries, fetch });
  const root = client.withOptions({ baseURL: url });
  switch (call.does) {
    case 'chat':
      return chat(client, call.body);
    case 'models':
      return (await client.models.list()).data.map(({ id }) => id);
    case 'model':
      return (await client.models.retrieve(call.model)).id;
    case 'embed':
      return client.embeddings.create(call.body as OpenAI.EmbeddingCreateParams);
    case 'get':
      return root.get(call.path);
    case 'post':
      return root.post(call.path, { body: call.body });
  }
}

async function chat(client: OpenAI, body: object): Promise<object> {
  const answer = await client.chat.completions.create(body as OpenAI.ChatCompletionCreateParams);
  if ('choices' in answer) {
    return { model: answer.model, content: answer.choices[0]?.message.content, usage: counts(answer.usage) };
  }
  let content = '';
  let last: OpenAI.ChatCompletionChunk | undefined;
  for await (const chunk of answer) {
    content += chunk.choices[0]?.delta.content ?? '';
    last = chunk;
  }
  return { model: last?.model, content, usage: counts(last?.usage) };
}

function counts(usage: OpenAI.CompletionUsage | null | undefined): object | null {
  if (!usage) return null;
  const { prompt_tokens, completion_tokens, total_tokens } = usage;
  return { prompt_tokens, completion_tokens, total_tokens };
}

function shown(error: InstanceType<typeof OpenAI.APIError>): ClientError {
  const retryAfter = error.headers?.get('retry-after') ?? null;
  return {
    class: error.constructor.name,
    message: error.message,
    status: error.status ?? null,
    type: error.type ?? null,
    param: error.param ?? null,
    code: error.code ?? null,
    retryAfter: retryAfter === null ? null : Number(retryAfter),
  };
}

/** Lets a client's wait be over at once where it waits just as long as the last answer has asked for. */
class Hurry {
  readonly waited: number[] = [];
  readonly #setTimeout = globalThis.setTimeout;
  #asked: number | null = null;

  constructor() {
    const asked = (ms?: number) => this.#asked !== null && ms === this.#asked * 1000;
    const hurried = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      if (!asked(ms)) return this.#setTimeout(run, ms, ...args);
      this.waited.push((ms ?? 0) / 1000);
      return this.#setTimeout(run, 0, ...args);
    };
    globalThis.setTimeout = Object.assign(hurried, this.#setTimeout) as typeof globalThis.setTimeout;
  }

  readonly fetch: typeof globalThis.fetch = async (...request) => {
    const answer = await globalThis.fetch(...request);
    const seconds = answer.headers.get('retry-after');
    this.#asked = seconds === null ? null : Number(seconds);
    return answer;
  };

  end(): void {
    globalThis.setTimeout = this.#setTimeout;
  }
}
