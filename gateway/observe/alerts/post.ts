import { Agent, request } from 'undici';

const SECOND = 1000;
/** For the whole of an attempt. */
export const POST_TIMEOUT_MS = 10 * SECOND;
const MOST_ANSWER_BYTES = 16 * 1024;

/** What a receiver has answered. */
export interface Receipt {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

export interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends JSON to one address; rejects when there is no answer in time. */
export interface Poster extends AsyncDisposable {
  post(message: Post): Promise<Receipt>;
}

/** Posts to the operator's address. Redirects are not followed, and of an answer no more than its head counts. */
export function openPoster(url: string): Poster {
  const agent = new Agent({ allowH2: false, connections: 4, connect: { timeout: POST_TIMEOUT_MS } });
  return {
    async post({ headers, body }) {
      const signal = AbortSignal.timeout(POST_TIMEOUT_MS);
      const answer = await request(url, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal,
      });
      // Read so far only for the connection to be used again; one that goes on and on is closed.
      await answer.body.dump({ limit: MOST_ANSWER_BYTES, signal }).catch(() => undefined);
      const retryAfter = answer.headers['retry-after'];
      return {
        status: answer.statusCode,
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      };
    },
    // What is on its way is cut off: it is sent again, with the same id.
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}
