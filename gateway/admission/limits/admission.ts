import type { WritableHeaders } from '../../http/call-reply.ts';
import { type Granted, type Limit, type LimitScope, limitScopes } from './limit-store.ts';

interface HeaderNames {
  readonly limit: string;
  readonly remaining: string;
}

const rateTypes = ['requests', 'tokens'] as const;
type NamesByType = Readonly<Record<(typeof rateTypes)[number], HeaderNames>>;

function namesOf(prefix: string): NamesByType {
  const names = rateTypes.map((type) => [
    type,
    { limit: `${prefix}limit-${type}`, remaining: `${prefix}remaining-${type}` },
  ]);
  return Object.fromEntries(names) as NamesByType;
}

/** OpenAI's own names, under which its clients look for the limits of their key. */
const plainNames = namesOf('x-ratelimit-');

const namesOfScope: ReadonlyMap<LimitScope, readonly NamesByType[]> = new Map(
  limitScopes.map((scope) => {
    const own = namesOf(`x-ratelimit-${scope}-`);
    return [scope, scope === 'api_key' ? [own, plainNames] : [own]];
  }),
);

/**
 * A call that keeps all of its limits. Running -> finished; whoever finishes first decides.
 */
export class Admission {
  readonly #limits: readonly Limit[];
  /** What was left of each when the call was admitted. */
  readonly #remaining: readonly number[];
  #granted: Granted | null;

  constructor(limits: readonly Limit[], granted: Granted) {
    this.#limits = limits;
    this.#remaining = granted.remaining;
    this.#granted = granted;
  }

  /**
   * Sets LiteLLM's headers of what was left when the call was admitted: `x-ratelimit-api_key-limit-requests`,
   * `-remaining-requests`, and tokens likewise.
   */
  tell(into: WritableHeaders): void {
    for (const [index, { scope, type, limit }] of this.#limits.entries()) {
      if (type === 'max_parallel_requests') continue;
      for (const names of namesOfScope.get(scope) ?? []) {
        into.set(names[type].limit, String(limit));
        into.set(names[type].remaining, String(this.#remaining[index]));
      }
    }
  }

  /** The client has left: its parallel slots are free, while what it asked for may go on. */
  leave(): void {
    this.#granted?.leave();
  }

  /**
   * Frees the parallel slots and settles the tokens to `total_tokens`: 0 for a call that never reached a provider, null
   * when nobody knows what it used, so that the reservation stays.
   */
  finish(tokens: number | null): void {
    this.#granted?.settle(tokens);
    this.#granted = null;
  }

  /** The call was never made: nothing of it counts. */
  cancel(): void {
    this.#granted?.cancel();
    this.#granted = null;
  }
}
