import { Client } from 'pg';
import { MESSAGES, postChat } from './chat.ts';
import type { FakeProvider, RecordedRequest } from './fake-provider.ts';

/** USD per token. */
export const PRICE = { input: 3e-6, output: 11e-6 } as const;
const MOST_TOKENS = 24;

/** A call as its client saw it. */
export interface ClientCall {
  /** The `user` that it named: its row is found by it. */
  readonly user: string;
  readonly maxTokens: number;
  readonly streamed: boolean;
  /** Whether the last byte of an answer came; `refused` when the gateway did not take the call. */
  outcome: 'running' | 'complete' | 'cut' | 'refused';
  /** Events of the stream that came, whatever became of it. */
  events: number;
}

/** Clients that call one after the other, each as soon as its last call is over. */
export class SpendLoad {
  readonly calls: ClientCall[] = [];
  /** Where the gateway is; null while there is none. */
  url: string | null = null;
  readonly #random: () => number;
  #going = true;
  readonly #clients: Promise<void>[];

  constructor(clients: number, random: () => number) {
    this.#random = random;
    this.#clients = Array.from({ length: clients }, () => this.#client());
  }

  async #client(): Promise<void> {
    while (this.#going) {
      if (this.url === null) await new Promise((resolve) => setTimeout(resolve, 5));
      else await this.#call(this.url);
    }
  }

  async #call(url: string): Promise<void> {
    const call: ClientCall = {
      user: `user-${this.calls.length}`,
      maxTokens: 1 + Math.floor(this.#random() * MOST_TOKENS),
      streamed: this.#random() < 0.6,
      outcome: 'running',
      events: 0,
    };
    this.calls.push(call);
    const { user, maxTokens, streamed } = call;
    const body = { model: 'priced', messages: MESSAGES, user, max_tokens: maxTokens, stream: streamed };
    try {
      const answer = await postChat({ url, body });
      call.outcome = answer.status === 200 ? await this.#read(answer, call) : 'refused';
    } catch {
      call.outcome = 'cut';
    }
  }

  async #read(answer: Response, call: ClientCall): Promise<'complete'> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const piece of answer.body ?? []) {
      text += decoder.decode(piece, { stream: true });
      call.events = text.split('\n\n').length - 1;
    }
    if (call.streamed && !text.endsWith('data: [DONE]\n\n')) throw new Error('the stream broke off');
    return 'complete';
  }

  /** Lets the calls that run come to their end and begins no more. */
  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#clients);
  }
}

export interface StoredRow {
  readonly litellm_row_id: string;
  readonly end_user: string;
  readonly spend: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly status: string;
  readonly estimated: boolean;
  readonly error_class: string | null;
}

/** All spend rows of a database, by the user that they name. */
export async function rowsByUser(url: string): Promise<Map<string, StoredRow[]>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<StoredRow>(
      `SELECT litellm_row_id, end_user, spend, prompt_tokens, completion_tokens, status,
              coalesce((metadata->>'estimated')::boolean, false) AS estimated,
              metadata->'error_information'->>'error_class' AS error_class
       FROM "LiteLLM_SpendLogs"`,
    );
    return Map.groupBy(rows, ({ end_user }) => end_user);
  } finally {
    await client.end();
  }
}

/** What the provider made of each call, by its user. */
export function providedByUser({ requests }: FakeProvider): Map<string, RecordedRequest> {
  return new Map(requests.map((request) => [JSON.parse(request.text).user as string, request]));
}

export const trueCost = ({ produced }: RecordedRequest): number =>
  (produced?.usage.prompt_tokens ?? 0) * PRICE.input +
  (produced?.usage.completion_tokens ?? 0) * PRICE.output;

/** What a call can cost at most: every byte of its body a token, and all the tokens that it allowed. */
export const mostCost = ({ text }: RecordedRequest, { maxTokens }: ClientCall): number =>
  // The gateway's model name and ours differ in length.
  (Buffer.byteLength(text) + 64) * PRICE.input + maxTokens * PRICE.output;

/** What was sent to the client costs at least this. The first event of a stream has no words, the last ones neither. */
export const leastCost = ({ events, maxTokens }: ClientCall): number =>
  Math.min(Math.max(0, events - 1), maxTokens) * PRICE.output;
