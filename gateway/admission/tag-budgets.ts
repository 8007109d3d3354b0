import type { CallLimits } from '../identity/key-limits.ts';
import { budgetOf, tagOf } from '../identity/subjects.ts';
import type { Logger } from '../observe/logger.ts';
import { type Limit, limitsOf } from './limits/limit-store.ts';

const SECOND = 1000;
/** What another program has written is found out after so long, as with keys. */
const FRESH_MS = 60 * SECOND;
/** A reading that failed is tried again after so long, when a call comes. */
const RETRY_MS = SECOND;

/** What is written about a tag that is linked to a budget. */
export interface WrittenTag {
  readonly name: string;
  /** The budget that it is linked to, which its limits stand in. */
  readonly budgetId: string;
  /** What the budgets are called that its calls are held to. */
  readonly budgets: readonly string[];
  readonly limits: CallLimits;
}

/** What holds back calls with some tags. */
export interface HeldByTags {
  /** Names of budgets, by tag; the lists stay the same ones until they are read anew. */
  readonly budgets: readonly (readonly string[])[];
  readonly limits: readonly Limit[];
}

const NOTHING: HeldByTags = Object.freeze({ budgets: [], limits: [] });

interface KnownTag {
  readonly budgets: readonly string[];
  readonly limits: readonly Limit[];
}

export interface TagBudgetsOptions {
  /** Reads every tag that is linked to a budget, and makes budgets what is written. */
  readonly load: () => Promise<readonly WrittenTag[]>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * The budgets of tags with the limits that stand in them, kept in memory: an operator makes them, so they are few, and a call with
 * other tags waits for nothing. Each change reads them anew. Where a reading failed the last one counts until it is made up for.
 */
export class TagBudgets {
  readonly #options: TagBudgetsOptions;
  #tags: ReadonlyMap<string, KnownTag> = new Map();
  #budgetIds: ReadonlySet<string> = new Set();
  /** Until when what was read last needs no look at the database. */
  #freshUntil = 0;
  #reading: Promise<void> | undefined;

  constructor(options: TagBudgetsOptions) {
    this.#options = options;
  }

  /** What holds back a call with these tags. */
  of(tags: readonly string[]): HeldByTags {
    if (this.#reading === undefined && this.#options.clock() >= this.#freshUntil) this.#refreshInBackground();
    if (this.#tags.size === 0 || tags.length === 0) return NOTHING;
    const held = tags.flatMap((tag) => this.#tags.get(tag) ?? []);
    if (held.length === 0) return NOTHING;
    return {
      budgets: held.flatMap(({ budgets }) => (budgets.length === 0 ? [] : [budgets])),
      limits: held.flatMap(({ limits }) => limits),
    };
  }

  /** Reads what is written now, also when a reading from before the change is under way. */
  async refresh(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    await this.#read();
  }

  #read(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading;
    this.#reading = this.#options
      .load()
      .then((written) => {
        this.#tags = new Map(
          written.map(({ name, budgets, limits }) => [
            name,
            { budgets, limits: limitsOf('tag', name, limits) },
          ]),
        );
        this.#budgetIds = new Set(written.map(({ budgetId }) => budgetId));
        this.#freshUntil = this.#options.clock() + FRESH_MS;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  #refreshInBackground(): void {
    this.refresh().catch((error) => {
      this.#freshUntil = this.#options.clock() + RETRY_MS;
      this.#options.logger.warn({ err: error }, 'which tags have budgets could not be read');
    });
  }

  /** Hears of every change; those of tags, and of budgets that they are linked to, are its own. Resolves when it is in force. */
  async evict(subject: string): Promise<void> {
    const budget = budgetOf(subject);
    if (tagOf(subject) === null && (budget === null || !this.#budgetIds.has(budget))) return;
    this.#freshUntil = 0;
    await this.refresh();
  }

  clear(): void {
    this.#freshUntil = 0;
    this.#refreshInBackground();
  }
}
