import type { Logger } from '../../observe/logger.ts';
import type { Disk } from './disk.ts';
import { type Codec, closedRecords, type Journaled } from './entry.ts';
import { readFrames } from './frame.ts';
import type { Segment } from './segment-supply.ts';

export interface BacklogOptions<R extends Journaled> {
  readonly disk: Pick<Disk, 'read'>;
  readonly codec: Codec<R>;
  readonly logger: Pick<Logger, 'error'>;
  /** Rows kept in memory; what comes beyond them is read from its segment when its turn comes. */
  readonly maxRows: number;
  /** Bytes of them, about, as the journal has them: rows with prompts and answers in them are a hundred times as long. */
  readonly maxBytes: number;
}

/** Where the entry of a row stands. */
export interface Place {
  readonly segment: Segment;
  readonly offset: number;
  /** Length of the entry, about. */
  readonly bytes: number;
}

/** What waits for the database of one segment: rows in memory, then `onDisk` rows from the byte `diskFrom` on. */
interface Lane<R> {
  readonly segment: Segment;
  rows: R[];
  /** What those in memory take; it is given back when all of them are stored. */
  bytes: number;
  onDisk: number;
  diskFrom: number;
}

/** Rows to store in one go. */
export interface Batch<R> {
  readonly rows: readonly R[];
  /** Says that they are stored. */
  stored(): void;
}

/**
 * The rows that are not known to be stored, in the order of their segments. Each is in the journal as well, so that memory
 * need not hold all of them; only those that the disk does not take live here alone.
 */
export class Backlog<R extends Journaled> {
  readonly #options: BacklogOptions<R>;
  readonly #lanes = new Map<Segment, Lane<R>>();
  /** Rows whose entry could not be written yet. */
  readonly #unwritten = new Set<R>();
  #inMemory = 0;
  #bytes = 0;
  #onDisk = 0;

  constructor(options: BacklogOptions<R>) {
    this.#options = options;
  }

  get size(): number {
    return this.#unwritten.size + this.#inMemory + this.#onDisk;
  }

  /** Rows that a kill of this process would lose. */
  get unwritten(): number {
    return this.#unwritten.size;
  }

  /** Makes a segment known before its first row. */
  open(segment: Segment): void {
    this.#lanes.set(segment, { segment, rows: [], bytes: 0, onDisk: 0, diskFrom: 0 });
  }

  /** A row whose entry cannot be written now. */
  addUnwritten(row: R): void {
    this.#unwritten.add(row);
  }

  /** A row whose entry stands at this place. */
  add(row: R, { segment, offset, bytes }: Place): void {
    this.#unwritten.delete(row);
    const lane = this.#lanes.get(segment);
    if (lane === undefined) throw new Error(`${segment.path} was not opened`);
    if (lane.onDisk > 0 || this.#full) {
      if (lane.onDisk === 0) lane.diskFrom = offset;
      lane.onDisk++;
      this.#onDisk++;
    } else {
      lane.rows.push(row);
      this.#inMemory++;
      this.#hold(lane, bytes);
    }
  }

  get #full(): boolean {
    const { maxRows, maxBytes } = this.#options;
    return this.#inMemory >= maxRows || this.#bytes >= maxBytes;
  }

  #hold(lane: Lane<R>, bytes: number): void {
    lane.bytes += bytes;
    this.#bytes += bytes;
  }

  /** The oldest rows, at most so many; they stay until they are said to be stored. Undefined when there are none. */
  async next(limit: number): Promise<Batch<R> | undefined> {
    if (this.#unwritten.size > 0) return this.#unwrittenBatch(limit);
    for (const lane of this.#lanes.values()) {
      if (lane.rows.length === 0 && lane.onDisk > 0) await this.#fetch(lane);
      if (lane.rows.length > 0) return this.#batchOf(lane, limit);
    }
    return undefined;
  }

  #unwrittenBatch(limit: number): Batch<R> {
    const rows = [...this.#unwritten].slice(0, limit);
    return {
      rows,
      stored: () => {
        for (const row of rows) this.#unwritten.delete(row);
      },
    };
  }

  #batchOf(lane: Lane<R>, limit: number): Batch<R> {
    const rows = lane.rows.slice(0, limit);
    return {
      rows,
      stored: () => {
        lane.rows.splice(0, rows.length);
        this.#inMemory -= rows.length;
        if (lane.rows.length === 0) this.#hold(lane, -lane.bytes);
      },
    };
  }

  /**
   * Reads a lane's rows back. Every closed entry from `diskFrom` on is one of them; some may be stored already, which does
   * no harm. What is written meanwhile waits for the next time.
   */
  async #fetch(lane: Lane<R>): Promise<void> {
    const { disk, codec } = this.#options;
    const { path, end } = lane.segment;
    const read = readFrames(await disk.read(path), lane.diskFrom);
    const rows = closedRecords(read.payloads, codec);
    this.#hold(lane, read.end - lane.diskFrom);
    this.#onDisk -= rows.length;
    lane.onDisk -= rows.length;
    lane.diskFrom = read.end;
    lane.rows = rows;
    this.#inMemory += rows.length;
    if (read.end < end) this.#giveUp(lane);
  }

  #giveUp(lane: Lane<R>): void {
    this.#options.logger.error(
      { path: lane.segment.path, offset: lane.diskFrom, lost: lane.onDisk },
      'the spend journal is damaged: rows that were only there are lost',
    );
    this.#onDisk -= lane.onDisk;
    lane.onDisk = 0;
  }

  /**
   * The oldest segments of which no row waits any more. Not the ones behind one that waits: they may hold the end of a call
   * that was opened in it.
   */
  drained(): Segment[] {
    const lanes = [...this.#lanes.values()];
    const waiting = lanes.findIndex(({ rows, onDisk }) => rows.length > 0 || onDisk > 0);
    return lanes.slice(0, waiting === -1 ? lanes.length : waiting).map(({ segment }) => segment);
  }

  forget(segment: Segment): void {
    this.#lanes.delete(segment);
  }
}
