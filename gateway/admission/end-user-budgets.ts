import { Certainty } from '../identity/certainty.ts';
import { KeyCache, type Outage } from '../identity/key-cache.ts';
import { isEndUserId } from '../identity/owners.ts';
import { budgetOf, endUserOf } from '../identity/subjects.ts';
import type { Logger } from '../observe/logger.ts';

const SECOND = 1000;
const CACHE_TTL_MS = 60 * SECOND;
const CACHE_LIMIT = 20_000;

/** What holds a customer back. */
export interface EndUserBudget {
  /** What its budget is called; null when nothing limits it. */
  readonly scope: string | null;
  /** The budget that it is linked to. */
  readonly budgetId: string | null;
}

export interface EndUserBudgetsOptions {
  /** Looks a customer up, and makes its budget what is written about it. */
  readonly load: (endUser: string) => Promise<EndUserBudget>;
  /** Whether any customer has a budget: where none has, none is looked up. */
  readonly anyLimited: () => Promise<boolean>;
  /** What holds whom back while the database is away; null where nobody can say. */
  readonly outage: Outage<EndUserBudget> | null;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly logger: Pick<Logger, 'warn'>;
}

/** The budgets of the customers that calls name, looked up when they are first named and then kept for a while. */
export class EndUserBudgets {
  readonly #options: EndUserBudgetsOptions;
  readonly #cache: KeyCache<EndUserBudget>;
  readonly #certainty = new Certainty();
  /** Until it is known, every customer is looked up. */
  #anyLimited = true;
  #readings = 0;

  constructor(options: EndUserBudgetsOptions) {
    this.#options = options;
    this.#cache = new KeyCache<EndUserBudget>({
      load: options.load,
      certain: (now) => this.#certainty.holds(now),
      outage: options.outage,
      clock: options.clock,
      limit: CACHE_LIMIT,
      ttlMs: CACHE_TTL_MS,
      absentTtlMs: CACHE_TTL_MS,
    });
  }

  /** What the budget of the customer whom a call names is called; null when nothing limits it. */
  scopeOf(endUser: string | null): string | null | Promise<string | null> {
    if (endUser === null || !isEndUserId(endUser)) return null;
    if (!this.#anyLimited && this.#certainty.holds(this.#options.clock())) return null;
    const found = this.#cache.get(endUser);
    return found instanceof Promise ? found.then((budget) => budget?.scope ?? null) : (found?.scope ?? null);
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
