/** What a test asks of an official `openai` client, in words that do not depend on its language. */
export type Action =
  /** `chat.completions.create`; streamed when the body says so. */
  | { readonly does: 'chat'; readonly body: object; readonly retries?: number }
  /** `models.list`. */
  | { readonly does: 'models' }
  /** `models.retrieve`. */
  | { readonly does: 'model'; readonly model: string }
  /** `embeddings.create`. */
  | { readonly does: 'embed'; readonly body: object }
  /** The client's own request for a path that it has no method for; from the root, not from `/v1`. */
  | { readonly does: 'get'; readonly path: string }
  | { readonly does: 'post'; readonly path: string; readonly body: object };

export type Call = Action & {
  /** Of the gateway, without a path. */
  readonly url: string;
  readonly key: string;
};

export interface ClientError {
  /** The class that an application catches. */
  readonly class: string;
  readonly message: string;
  /** These are null where the client has none. */
  readonly status: number | null;
  readonly type: string | null;
  readonly param: string | null;
  readonly code: string | null;
  /** The header of the answer, in seconds. */
  readonly retryAfter: number | null;
}

export interface Outcome {
  /**
   * Of a chat `{ model, content, usage }`, put together from its chunks when it is streamed; of lists of models their ids; of a
   * model its id; of other requests the body. Absent with an error.
   */
  readonly answer?: unknown;
  readonly error?: ClientError;
  /** How long the client chose to wait before each retry, in seconds. Nobody waits: the time is over at once. */
  readonly waited: readonly number[];
}

/** One official client; asked one call at a time. */
export interface OfficialClient extends AsyncDisposable {
  readonly version: string;
  ask(call: Call): Promise<Outcome>;
}
