import type { Deployment } from '../../routing/deployment.ts';
import { Admission } from './admission.ts';
import type { Granted, Limit, LimitStore, Refused } from './limit-store.ts';
import { limitReached } from './refusal.ts';
import { Route } from './route.ts';

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

  /** Whether a call may have to wait for an answer. */
  get waits(): boolean {
    return this.#store.waits;
  }

  /**
   * Counts a call on all of its limits, or on none. `tokens` is what it may use, until its admission is finished with
   * what it did use. Throws GatewayError rate_limited, which names the limit that is free last: who waits for it need not
   * wait for another.
   */
  admit(limits: readonly Limit[], { tokens }: { readonly tokens: number }): Admission | Promise<Admission> {
    const taken = this.#store.take(limits, tokens);
    if (taken instanceof Promise) return taken.then((answer) => this.#admitted(limits, answer));
    return this.#admitted(limits, taken);
  }

  #admitted(limits: readonly Limit[], taken: Granted | Refused): Admission {
    if (!taken.granted) throw limitReached(taken, this.#now());
    return new Admission(limits, taken);
  }

  /** The way of a call through the deployments that may serve it. */
  route(deployments: readonly Deployment[], { tokens }: { readonly tokens: number }): Route {
    return new Route(deployments, { store: this.#store, now: this.#now, tokens });
  }
}
