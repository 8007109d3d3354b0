import { Admission } from './admission.ts';
import type { Limit, LimitStore } from './limit-store.ts';
import { limitReached } from './refusal.ts';

export interface LimitsOptions {
  readonly store: LimitStore;
  /** Epoch milliseconds, for what clients are told; nothing is measured by it. */
  readonly now: () => number;
}

/** The door of rate limits and parallel limits. */
export class Limits {
  readonly #store: LimitStore;
  readonly #now: () => number;

  constructor({ store, now }: LimitsOptions) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Counts a call on all of its limits, or on none. `tokens` is what it may use, until its admission is finished with
   * what it did use. Throws GatewayError rate_limited, which names the limit that is free last: who waits for it need not
   * wait for another.
   */
  admit(limits: readonly Limit[], { tokens }: { readonly tokens: number }): Admission {
    const taken = this.#store.take(limits, tokens);
    if (!taken.granted) throw limitReached(taken, this.#now());
    return new Admission(limits, taken);
  }
}
