import { KeyCache } from '../../identity/key-cache.ts';
import { type CallLimitColumns, readCallLimits } from '../../identity/key-limits.ts';
import { changedEndUser, isBudget } from '../../identity/subjects.ts';
import { type Limit, limitsOf } from './limit-store.ts';

const MINUTE = 60_000;
const CACHE_LIMIT = 10_000;

export interface EndUserLimitsOptions {
  /** Reads the limits of a customer; undefined when it has none. */
  readonly load: (endUser: string) => Promise<CallLimitColumns | undefined>;
  /** Reads whether any customer has limits. */
  readonly anyLimited: () => Promise<boolean>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

const NONE: readonly Limit[] = [];

/**
 * The limits of customers, whom calls name as `user`. Looked up when a call names one and kept for a minute: there may be
 * millions of them. While it is known that no customer has limits, nothing is looked up.
 */
export class EndUserLimits {
  readonly #options: EndUserLimitsOptions;
  readonly #cache: KeyCache<readonly Limit[]>;
  #nobodyLimited = false;
  /** Counts changes: what was read before one says nothing. */
  #changes = 0;

  constructor(options: EndUserLimitsOptions) {
    this.#options = options;
    this.#cache = new KeyCache({
      load: async (endUser) => {
        const row = await options.load(endUser);
        return row && limitsOf('end_user', endUser, readCallLimits(row));
      },
      clock: options.clock,
      limit: CACHE_LIMIT,
      ttlMs: MINUTE,
      // Whoever gets limits is told of.
      absentTtlMs: MINUTE,
    });
  }

  /** The limits of a call that names this customer; by the promise GatewayError database_unavailable. */
  of(endUser: string | null): readonly Limit[] | Promise<readonly Limit[]> {
    // The database holds no text with a NUL in it.
    if (endUser === null || this.#nobodyLimited || endUser.includes('\0')) return NONE;
    const found = this.#cache.get(endUser);
    return found instanceof Promise ? found.then((limits) => limits ?? NONE) : (found ?? NONE);
  }

  /** Finds out whether anybody has limits; until that is known, or when it cannot be, every customer is looked up. */
  async refresh(): Promise<void> {
    await this.#suppose(async () => !(await this.#options.anyLimited()));
  }

  async #suppose(nobodyLimited: () => Promise<boolean>): Promise<void> {
    this.#nobodyLimited = false;
    const change = ++this.#changes;
    const supposed = await nobodyLimited().catch(() => false);
    if (change === this.#changes) this.#nobodyLimited = supposed;
  }

  /** Hears of every change; those of customers and of rows of limits are its own. Resolves when the change is in force. */
  async evict(subject: string): Promise<void> {
    const endUser = changedEndUser(subject);
    if (endUser !== undefined) {
      const nobody = this.#nobodyLimited;
      this.#cache.evict(endUser);
      // One of the many: the others are as they were.
      await this.#suppose(async () => nobody && (await this.#options.load(endUser)) === undefined);
    } else if (isBudget(subject)) {
      this.#cache.clear();
      await this.refresh();
    }
  }

  clear(): void {
    this.#cache.clear();
    void this.refresh();
  }
}
