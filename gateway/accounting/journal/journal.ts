import type { Logger } from '../../observe/logger.ts';
import type { Timers } from '../timers.ts';
import { Backlog } from './backlog.ts';
import type { Disk } from './disk.ts';
import { type Codec, discarded, type Entry, type Journaled, newEntry } from './entry.ts';
import { RowWriter } from './row-writer.ts';
import { SegmentLog } from './segment-log.ts';
import { firstSegment, type Segment } from './segment-supply.ts';

export interface JournalOptions<R extends Journaled> {
  readonly codec: Codec<R>;
  /** Stores rows; a rejection means that none of them is known to be stored. Storing a row twice must be harmless. */
  readonly write: (rows: readonly R[]) => Promise<void>;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
  /** How long rows wait for others to be stored with. */
  readonly flushMs: number;
  readonly disk: Disk;
  readonly segmentBytes: number;
  /** How long a written byte may wait until it is on its way to the disk. */
  readonly syncMs: number;
  readonly batchRows: number;
  /** Rows kept in memory while the database is away. */
  readonly maxRows: number;
  /** Bytes of them, about. */
  readonly maxBytes: number;
  readonly defer: (work: () => void) => void;
}

/** A call that is running: what is on record of it, and where. */
interface OpenCall<R extends Journaled> {
  entry: Entry<R>;
  segment: Segment | null;
}

/**
 * One process's records of its calls, in one directory, and their way from there to the database.
 *
 * A segment is removed when its calls are stored; one that is still running is written into the current segment first. So
 * the directory holds what is not stored yet, and two segments.
 */
export class Journal<R extends Journaled> {
  readonly #options: JournalOptions<R>;
  readonly #log: SegmentLog<Entry<R>>;
  readonly #backlog: Backlog<R>;
  readonly #writer: RowWriter<R>;
  readonly #open = new Map<string, OpenCall<R>>();
  #sweeping: Promise<void> | null = null;
  #closed = false;

  private constructor(options: JournalOptions<R>, directory: string, first: Segment) {
    this.#options = options;
    this.#backlog = new Backlog(options);
    this.#writer = new RowWriter({ ...options, backlog: this.#backlog, stored: () => this.sweep() });
    this.#log = new SegmentLog<Entry<R>>(
      {
        ...options,
        directory,
        began: (segment) => this.#backlog.open(segment),
        written: (entry, segment, offset) => this.#written(entry, segment, offset),
        delayed: ({ row }) => this.#delayed(row),
      },
      first,
    );
  }

  /** Begins a journal in an empty directory. Rejects when the disk has no room for a segment. */
  static async open<R extends Journaled>(options: JournalOptions<R>, directory: string): Promise<Journal<R>> {
    return new Journal(options, directory, await firstSegment(options.disk, directory, options.segmentBytes));
  }

  /** Whether the disk took everything so far and there is room ahead. */
  get healthy(): boolean {
    return this.#log.healthy;
  }

  /** Rows that are not known to be stored. */
  get pending(): number {
    return this.#backlog.size;
  }

  /** Puts on record what a call becomes if nothing more is heard of it. */
  begin(record: R): void {
    const entry = newEntry('opened', record, this.#options.codec);
    this.#open.set(record.rowId, { entry, segment: null });
    this.#log.append(entry);
  }

  /** Replaces that record; it is written at once, so that what it covers may be sent right behind it. */
  progress(record: R): void {
    const call = this.#open.get(record.rowId);
    if (call === undefined) return;
    call.entry = newEntry('progress', record, this.#options.codec);
    this.#log.append(call.entry);
    this.#log.flush();
  }

  /** Puts on record what a call became: the row that will be stored. */
  finish(record: R): void {
    this.#open.delete(record.rowId);
    this.#log.append(newEntry('closed', record, this.#options.codec));
  }

  /** Puts on record that a call is over and leaves no row. */
  discard(rowId: string): void {
    this.#open.delete(rowId);
    this.#log.append(discarded(rowId));
  }

  #written({ kind, rowId, row, payload }: Entry<R>, segment: Segment, offset: number): void {
    if (row !== null) {
      this.#backlog.add(row, { segment, offset, bytes: payload.length });
      this.#writer.wake();
    } else if (kind !== 'discarded') {
      const call = this.#open.get(rowId);
      if (call !== undefined) call.segment = segment;
    }
  }

  #delayed(row: R | null): void {
    if (row === null) return;
    this.#backlog.addUnwritten(row);
    this.#writer.wake();
  }

  /** Removes segments that nothing needs any more, in the background. */
  sweep(): void {
    if (this.#closed) return;
    this.#sweeping ??= this.#removeStored().finally(() => {
      this.#sweeping = null;
    });
  }

  async #removeStored(): Promise<void> {
    const over = this.#backlog.drained().filter((segment) => this.#log.isOver(segment));
    if (over.length === 0) return;
    for (const { entry, segment } of this.#open.values()) {
      if (segment !== null && over.includes(segment)) this.#log.append(entry);
    }
    // What closed a call, and what carries one on, must not be lost behind the removal of what opened it.
    if (!(await this.#log.sync())) return;
    try {
      for (const segment of over) {
        await this.#log.remove(segment);
        this.#backlog.forget(segment);
      }
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'a segment of the spend journal could not be removed');
    }
  }

  /** Stores what waits, for at most so long. Returns whether nothing is left that the files are still needed for. */
  async close(deadlineMs: number): Promise<boolean> {
    const { logger } = this.#options;
    // Calls that ended in this very turn have rows too.
    this.#log.flush();
    await this.#writer.close(deadlineMs);
    this.#closed = true;
    await this.#sweeping;
    await this.#log.close();
    const { size, unwritten } = this.#backlog;
    const calls = this.#open.size;
    if (unwritten > 0)
      logger.error({ lost: unwritten }, 'spend rows are lost: neither disk nor database took them');
    if (size === 0 && calls === 0) return true;
    logger.warn({ rows: size - unwritten, calls }, 'spend rows wait in the journal for the next start');
    return false;
  }
}
