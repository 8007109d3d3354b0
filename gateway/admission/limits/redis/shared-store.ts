import type { Granted, Limit, LimitStore, Refused } from '../limit-store.ts';

/** How long the shared counters are left alone after they have failed. */
const PAUSE_MS = 5000;

export interface SharedStoreOptions {
  readonly shared: LimitStore;
  /** The counters of this process, for as long as the shared ones are away. */
  readonly own: LimitStore;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Told when the shared counters fail, and when they are back; once each. */
  readonly lost: (error: unknown) => void;
  readonly found: () => void;
}

/**
 * Counters that gateways share; while they are away each gateway counts for itself, as LiteLLM does. Sharing -> alone, when
 * a call could not be counted; after a pause the next call tries again, and the first that succeeds ends it.
 */
export class SharedStore implements LimitStore {
  readonly waits = true;
  readonly #options: SharedStoreOptions;
  /** When the shared counters are tried again; null while they are used. */
  #retryAt: number | null = null;

  constructor(options: SharedStoreOptions) {
    this.#options = options;
  }

  take(limits: readonly Limit[], tokens: number): Granted | Refused | Promise<Granted | Refused> {
    const { shared, own, now } = this.#options;
    if (this.#retryAt !== null && now() < this.#retryAt) return own.take(limits, tokens);
    // Of the calls that come now one tries, and what becomes of those that came before the failure says nothing.
    const tries = this.#retryAt !== null;
    if (tries) this.#retryAt = now() + PAUSE_MS;
    const taken = shared.take(limits, tokens);
    if (!(taken instanceof Promise)) return taken;
    return taken.then(
      (answer) => {
        if (tries) {
          this.#retryAt = null;
          this.#options.found();
        }
        return answer;
      },
      (error) => {
        if (this.#retryAt === null) this.#options.lost(error);
        this.#retryAt = now() + PAUSE_MS;
        return own.take(limits, tokens);
      },
    );
  }
}
