import { Certainty } from '../identity/certainty.ts';
import { KeyCache, type Outage } from '../identity/key-cache.ts';
import type { CallLimits } from '../identity/key-limits.ts';
import { isRowName } from '../identity/owners.ts';
import { budgetOf, endUserOf } from '../identity/subjects.ts';
import type { Logger } from '../observe/logger.ts';
import { type Limit, limitsOf } from './limits/limit-store.ts';

const SECOND = 1000;
const CACHE_TTL_MS = 60 * SECOND;
const CACHE_LIMIT = 20_000;

/** What is written about a customer. */
export interface WrittenEndUser {
  /** What the budgets are called that it is held to. */
  readonly budgets: readonly string[];
  /** The budget that it is linked to, which its limits stand in. */
  readonly budgetId: string | null;
  readonly limits: CallLimits;
}

/** What holds a customer back. */
export interface EndUserBudget extends Pick<WrittenEndUser, 'budgets' | 'budgetId'> {
  readonly limits: readonly Limit[];
}

const NOTHING: EndUserBudget = Object.freeze({ budgets: [], budgetId: null, limits: [] });

export interface EndUserBudgetsOptions {
  /** Looks a customer up, and makes its budgets what is written about it. */
  readonly load: (endUser: string) => Promise<WrittenEndUser>;
  /** Whether any customer has a budget: where none has, none is looked up. */
  readonly anyLimited: () => Promise<boolean>;
  /** Tells that the database is away, where calls are served all the same, unlimited; null where they are not. */
  readonly outage: Outage<EndUserBudget>['isOne'] | null;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * The budgets of the customers that calls name, with the limits that stand in them, looked up when they are first named and
 * then kept for a while: there may be millions of them.
 */
export class EndUserBudgets {
  readonly #options: EndUserBudgetsOptions;
  readonly #cache: KeyCache<EndUserBudget>;
  readonly #certainty = new Certainty();
  /** Until it is known, every customer is looked up. */
  #anyLimited = true;
  #readings = 0;

  constructor(options: EndUserBudgetsOptions) {
    const { load, outage, clock } = options;
    this.#options = options;
    this.#cache = new KeyCache<EndUserBudget>({
      load: async (endUser) => {
        const { budgets, budgetId, limits } = await load(endUser);
        return { budgets, budgetId, limits: limitsOf('end_user', endUser, limits) };
      },
      certain: (now) => this.#certainty.holds(now),
      outage: outage && { isOne: outage, stranger: NOTHING },
      clock,
      limit: CACHE_LIMIT,
      ttlMs: CACHE_TTL_MS,
      absentTtlMs: CACHE_TTL_MS,
    });
  }

  /** What holds the customer back whom a call names; a promise where it has to be looked up. */
  of(endUser: string | null): EndUserBudget | Promise<EndUserBudget> {
    if (endUser === null || !isRowName(endUser)) return NOTHING;
    if (!this.#anyLimited && this.#certainty.holds(this.#options.clock())) return NOTHING;
    const found = this.#cache.get(endUser);
    return found instanceof Promise ? found.then((budget) => budget ?? NOTHING) : (found ?? NOTHING);
  }

  /** Reads anew whether any customer has a budget; a reading from before a later change says nothing. */
  async refresh(): Promise<void> {
    const reading = ++this.#readings;
    this.#anyLimited = true;
    const any = await this.#options.anyLimited();
    if (reading === this.#readings) this.#anyLimited = any;
  }

  /** Hears of every change; those of customers, and of budgets that they are linked to, are its own. */
  async evict(subject: string): Promise<void> {
    const endUser = endUserOf(subject);
    const budget = budgetOf(subject);
    if (endUser === null && budget === null) return;
    if (endUser !== null) this.#cache.evict(endUser);
    else this.#cache.evictWhere(({ budgetId }) => budgetId === budget);
    await this.refresh();
  }

  /** No change that was made by then was missed. */
  confirmed(time: number): void {
    this.#certainty.confirm(time);
  }

  clear(): void {
    this.#cache.clear();
    this.refresh().catch((error) => {
      this.#options.logger.warn({ err: error }, 'whether customers have budgets could not be read');
    });
  }
}
