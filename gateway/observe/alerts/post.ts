import type { Timers } from '../../accounting/timers.ts';
import type { AnswerHeaders } from '../../providers/http/answer-parser.ts';
import { Destination } from '../../providers/http/destination.ts';
import type { AnswerHandler, Sending } from '../../providers/http/exchange.ts';
import { ProviderClient } from '../../providers/http/provider-client.ts';

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

/** Waits for the head of an answer, and reads the rest only for the connection to be used again. */
class Attempt implements AnswerHandler {
  readonly #settle = Promise.withResolvers<Receipt>();
  #sending: Sending | null = null;
  #bytes = 0;
  #late = false;

  /** Rejects when there is none in time. */
  receipt(timers: Timers): Promise<Receipt> {
    const cancel = timers.after(POST_TIMEOUT_MS, () => this.#giveUp());
    return this.#settle.promise.finally(cancel);
  }

  #giveUp(): void {
    this.#late = true;
    this.#sending?.abort();
    this.#settle.reject(new Error(`no answer within ${POST_TIMEOUT_MS / SECOND} s`));
  }

  onRequestStart(sending: Sending): void {
    this.#sending = sending;
    if (this.#late) sending.abort();
  }

  onResponseStart(status: number, headers: AnswerHeaders): void {
    this.#settle.resolve({ status, retryAfter: headers.get('retry-after') });
  }

  /** One that goes on and on is closed. */
  onResponseData(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > MOST_ANSWER_BYTES) this.#sending?.abort();
  }

  onResponseEnd(): void {
    this.#sending = null;
  }

  onResponseError(error: Error): void {
    this.#settle.reject(error);
  }
}

/** Posts to the operator's address. Redirects are not followed, and of an answer no more than its head counts. */
export function openPoster(url: string, timers: Timers): Poster {
  const client = new ProviderClient({ timers, now: () => performance.now(), mostConnections: 4 });
  const { origin, pathname, search } = new URL(url);
  return {
    async post({ headers, body }) {
      const attempt = new Attempt();
      const all = Object.entries({ 'content-type': 'application/json', ...headers }).flat();
      const destination = new Destination({ origin, path: pathname + search, headers: all });
      client.dispatch({ destination, body: Buffer.from(body), timeoutMs: POST_TIMEOUT_MS }, attempt);
      return attempt.receipt(timers);
    },
    // What is on its way is cut off: it is sent again, with the same id.
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}
