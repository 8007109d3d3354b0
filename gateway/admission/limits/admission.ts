import type { Granted, Limit } from './limit-store.ts';

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** LiteLLM's headers of what is left: `x-ratelimit-api_key-limit-requests`, `-remaining-requests`, and tokens likewise. */
function headersOf(limits: readonly Limit[], remaining: readonly number[]): Readonly<Record<string, string>> {
  if (limits.length === 0) return NO_HEADERS;
  const headers: Record<string, string> = {};
  for (const [index, { scope, type, limit }] of limits.entries()) {
    if (type === 'max_parallel_requests') continue;
    headers[`x-ratelimit-${scope}-limit-${type}`] = String(limit);
    headers[`x-ratelimit-${scope}-remaining-${type}`] = String(remaining[index]);
    // Under OpenAI's own names, where its clients look, stand the limits of the key.
    if (scope !== 'api_key') continue;
    headers[`x-ratelimit-limit-${type}`] = String(limit);
    headers[`x-ratelimit-remaining-${type}`] = String(remaining[index]);
  }
  return headers;
}

/**
 * A call that keeps all of its limits. Running -> finished; whoever finishes first decides.
 */
export class Admission implements Disposable {
  /** What the answer tells of the limits, as they stood when the call was admitted. */
  readonly headers: Readonly<Record<string, string>>;
  #granted: Granted | null;

  constructor(limits: readonly Limit[], granted: Granted) {
    this.headers = headersOf(limits, granted.remaining);
    this.#granted = granted;
  }

  /**
   * Frees the parallel slots and settles the tokens to `total_tokens`: 0 for a call that never reached a provider, null
   * when nobody knows what it used, so that the reservation stays.
   */
  finish(tokens: number | null): void {
    this.#granted?.settle(tokens);
    this.#granted = null;
  }

  /** Gives everything back, unless the call is finished. */
  [Symbol.dispose](): void {
    this.finish(0);
  }
}
