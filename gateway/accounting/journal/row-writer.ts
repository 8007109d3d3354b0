import type { Logger } from '../../observe/logger.ts';
import { Backoff } from '../backoff.ts';
import type { Timers } from '../timers.ts';
import type { Backlog } from './backlog.ts';
import type { Journaled } from './entry.ts';

export interface RowWriterOptions<R extends Journaled> {
  readonly backlog: Backlog<R>;
  /** Stores rows; a rejection means that none of them is known to be stored. Storing a row twice must be harmless. */
  readonly write: (rows: readonly R[]) => Promise<void>;
  /** Called after each batch that was stored. */
  readonly stored: () => void;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
  readonly flushMs: number;
  readonly batchRows: number;
}

/**
 * Takes rows from the backlog to the database in batches.
 *
 * Idle: nothing waits, no timer. Waiting: rows wait, a timer runs. Writing: one batch is on its way; new rows only queue.
 * Closed: no timer any more, whatever comes.
 * A batch that fails stays where it is, and the wait doubles from 1 s to 30 s until one succeeds.
 */
export class RowWriter<R extends Journaled> {
  readonly #options: RowWriterOptions<R>;
  readonly #backoff = new Backoff();
  #writing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(options: RowWriterOptions<R>) {
    this.#options = options;
  }

  /** Says that rows were added. Those that come after the close stay in the journal. */
  wake(): void {
    if (this.#closed) return;
    const { backlog, batchRows, flushMs } = this.#options;
    if (backlog.size >= batchRows && this.#backoff.ms === 0) void this.#flush();
    else this.#wait(this.#backoff.ms || flushMs);
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
      const { backlog, batchRows, flushMs } = this.#options;
      if (backlog.size === 0 || this.#closed) return;
      this.#wait(this.#backoff.ms || (backlog.size >= batchRows ? 0 : flushMs));
    });
    return this.#writing;
  }

  async #writeBatch(): Promise<void> {
    const { backlog, batchRows, write, stored, logger } = this.#options;
    try {
      const batch = await backlog.next(batchRows);
      if (batch !== undefined) {
        await write(batch.rows);
        batch.stored();
      }
      this.#backoff.succeeded();
    } catch (error) {
      this.#backoff.failed();
      logger.warn(
        { err: error, pending: backlog.size, retry_ms: this.#backoff.ms },
        'spend rows could not be stored; they wait in the journal',
      );
      return;
    }
    stored();
  }

  /** Stores what waits, for at most so long; what is left stays in the journal. */
  async close(deadlineMs: number): Promise<void> {
    const { timers, backlog } = this.#options;
    this.#closed = true;
    const deadline = Promise.withResolvers<void>();
    let late = false;
    const cancelDeadline = timers.after(deadlineMs, () => {
      late = true;
      deadline.resolve();
    });
    while (!late && backlog.size > 0) {
      await Promise.race([this.#flush(), deadline.promise]);
      if (this.#backoff.ms > 0 && !late)
        await Promise.race([this.#pause(this.#backoff.ms), deadline.promise]);
    }
    cancelDeadline();
    this.#cancelTimer?.();
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cancelTimer = this.#options.timers.after(delayMs, resolve);
    });
  }
}
