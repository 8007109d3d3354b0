import type { Logger } from '../observe/logger.ts';
import type { SpendRecord, SpendSink } from './spend.ts';
import type { Timers } from './timers.ts';

const SECOND = 1000;

export interface BatchWriterOptions {
  /** Stores rows; a rejection means that none of them is known to be stored. Storing a row twice must be harmless. */
  readonly write: (rows: readonly SpendRecord[]) => Promise<void>;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
  readonly flushMs: number;
  /** How long `close` waits for the database. */
  readonly closeMs: number;
  readonly batchRows?: number;
  /** Rows kept while the database is away; beyond them the oldest are dropped, loudly. */
  readonly maxRows?: number;
}

const BATCH_ROWS = 500;
const MAX_ROWS = 100_000;
const FIRST_RETRY_MS = SECOND;
const LAST_RETRY_MS = 30 * SECOND;

/**
 * Keeps finished calls in memory and writes them in batches.
 *
 * Idle: nothing kept, no timer. Waiting: rows kept, a timer runs. Writing: one batch is on its way; new rows only queue.
 * A batch that fails goes back to the front, and the wait doubles from 1 s to 30 s until one succeeds.
 * Rows keep their order, one batch is written at a time.
 */
export class BatchWriter implements SpendSink {
  readonly #options: BatchWriterOptions;
  readonly #batchRows: number;
  readonly #maxRows: number;
  #rows: SpendRecord[] = [];
  #writing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #retryMs = 0;
  /** Rows of the batch that is on its way. */
  #sending = 0;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#batchRows = options.batchRows ?? BATCH_ROWS;
    this.#maxRows = options.maxRows ?? MAX_ROWS;
  }

  /** Rows that are not known to be stored. */
  get pending(): number {
    return this.#rows.length + this.#sending;
  }

  record(call: SpendRecord): void {
    this.#rows.push(call);
    if (this.#rows.length > this.#maxRows) this.#dropOldest();
    if (this.#rows.length >= this.#batchRows && this.#retryMs === 0) void this.#flush();
    else this.#wait(this.#retryMs || this.#options.flushMs);
  }

  #dropOldest(): void {
    const dropped = this.#rows.splice(0, this.#batchRows);
    const spend = dropped.reduce((sum, row) => sum + row.spend, 0);
    this.#options.logger.error(
      { dropped: dropped.length, spend },
      'spend rows dropped: the database has been away for too long',
    );
  }

  #wait(delayMs: number): void {
    if (this.#writing !== null) return;
    this.#cancelTimer ??= this.#options.timers.after(delayMs, () => {
      this.#cancelTimer = null;
      void this.#flush();
    });
  }

  #flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = null;
      if (this.#rows.length === 0) return;
      const full = this.#rows.length >= this.#batchRows;
      this.#wait(this.#retryMs || (full ? 0 : this.#options.flushMs));
    });
    return this.#writing;
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#rows.splice(0, this.#batchRows);
    this.#sending = batch.length;
    try {
      await this.#options.write(batch);
      this.#retryMs = 0;
    } catch (error) {
      this.#rows.unshift(...batch);
      this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2 || FIRST_RETRY_MS);
      this.#options.logger.warn(
        { err: error, pending: this.#rows.length, retry_ms: this.#retryMs },
        'spend rows could not be stored; they are kept',
      );
    } finally {
      this.#sending = 0;
    }
  }

  async close(): Promise<void> {
    const { timers, closeMs, logger } = this.#options;
    let late = false;
    let cancelDeadline = (): void => {};
    const deadline = new Promise<void>((resolve) => {
      cancelDeadline = timers.after(closeMs, () => {
        late = true;
        resolve();
      });
    });
    while (!late && this.pending > 0) {
      await Promise.race([this.#flush(), deadline]);
      if (this.#retryMs > 0 && !late) await Promise.race([this.#pause(this.#retryMs), deadline]);
    }
    cancelDeadline();
    this.#cancelTimer?.();
    if (this.pending > 0) {
      logger.error({ lost: this.pending }, 'spend rows lost: the database did not come back before the end');
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#options.timers.after(delayMs, resolve));
  }
}
