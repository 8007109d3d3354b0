import { GatewayError } from '../http/errors.ts';
import { isEndUser } from '../identity/subjects.ts';
import type { Logger } from '../observe/logger.ts';

export interface EndUserBlocksOptions {
  /** Reads the ids of every blocked customer. */
  readonly load: () => Promise<readonly string[]>;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * The customers that are blocked, kept in memory: they are few, and a call that names a customer waits for no database. Each
 * change reads them anew. A reading that failed is tried again by the next call; until then the last one counts.
 */
export class EndUserBlocks {
  readonly #options: EndUserBlocksOptions;
  #blocked: ReadonlySet<string> = new Set();
  #current = false;
  #reading: Promise<void> | undefined;

  constructor(options: EndUserBlocksOptions) {
    this.#options = options;
  }

  /** Reads what is blocked now, also when a reading from before the change is under way. */
  async refresh(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    await this.#read();
  }

  #read(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading;
    this.#current = false;
    this.#reading = this.#options
      .load()
      .then((ids) => {
        this.#blocked = new Set(ids);
        this.#current = true;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  #refreshInBackground(): void {
    this.refresh().catch((error) => {
      this.#options.logger.warn({ err: error }, 'which customers are blocked could not be read');
    });
  }

  /** Hears of every change; those of customers are its own. Resolves when the change is in force. */
  async evict(subject: string): Promise<void> {
    if (isEndUser(subject)) await this.refresh();
  }

  clear(): void {
    this.#refreshInBackground();
  }

  /** Throws GatewayError blocked_end_user when the customer whom a call names is blocked. */
  require(endUser: string | null): void {
    if (endUser === null) return;
    if (!this.#current && this.#reading === undefined) this.#refreshInBackground();
    if (!this.#blocked.has(endUser)) return;
    throw new GatewayError(
      'blocked_end_user',
      'Authentication Error, this end user is blocked. An admin can lift the block with `/customer/unblock`',
    );
  }
}
