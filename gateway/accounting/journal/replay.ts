import type { Logger } from '../../observe/logger.ts';
import type { Disk } from './disk.ts';
import { type Codec, closedRecords, type Journaled, readEntry } from './entry.ts';
import { readFrames } from './frame.ts';

export interface ReplayOptions<R extends Journaled> {
  readonly disk: Pick<Disk, 'read' | 'remove' | 'segments'>;
  readonly codec: Codec<R>;
  /** Stores rows; storing a row twice must be harmless. */
  readonly write: (rows: readonly R[]) => Promise<void>;
  /** The row of a call of which nothing was heard after this record. */
  readonly lost: (record: R) => R;
  readonly logger: Pick<Logger, 'error'>;
  readonly batchRows: number;
}

/** What was replayed, in rows: calls that were over, and calls that the end of their process cut off. */
export interface Replayed {
  readonly closed: number;
  readonly lost: number;
}

/**
 * Stores what the journal of a dead process holds, and removes its segments one by one. It may be cut off anywhere and
 * done again: rows that are stored already are left alone by `write`. So no mark is kept of how far it came, nor of how far
 * the dead process itself had come; such a mark would cost a sync for each batch, and could still be older than the truth.
 */
export class Replay<R extends Journaled> {
  readonly #options: ReplayOptions<R>;

  constructor(options: ReplayOptions<R>) {
    this.#options = options;
  }

  /** Rejects when the database takes no rows, or it is told to stop; then it is to be done again. */
  async run(directory: string, signal?: AbortSignal): Promise<Replayed> {
    const paths = await this.#options.disk.segments(directory);
    const lost = await this.#unclosed(paths);
    let closed = 0;
    for (const path of paths) {
      const records = closedRecords(await this.#payloads(path), this.#options.codec);
      await this.#store(records, signal);
      closed += records.length;
    }
    // Behind the closed ones: of a call that is there as both, the row is then stored already.
    await this.#store(lost.map(this.#options.lost), signal);
    for (const path of paths) await this.#options.disk.remove(path);
    return { closed, lost: lost.length };
  }

  /**
   * The last record of each call that was opened and did not end. One that was discarded did, also where its opening stands
   * once more behind that: a disk that failed has had it written again.
   */
  async #unclosed(paths: readonly string[]): Promise<R[]> {
    const open = new Map<string, R>();
    const gone = new Set<string>();
    for (const path of paths) {
      for (const payload of await this.#payloads(path)) {
        const entry = readEntry(payload, this.#options.codec);
        if (entry.kind === 'discarded') gone.add(entry.rowId);
        else if (entry.kind === 'closed') open.delete(entry.record.rowId);
        else open.set(entry.record.rowId, entry.record);
      }
    }
    return [...open.values()].filter(({ rowId }) => !gone.has(rowId));
  }

  async #payloads(path: string): Promise<readonly string[]> {
    const { payloads, end, torn } = readFrames(await this.#options.disk.read(path));
    if (torn) {
      this.#options.logger.error(
        { path, offset: end, read: payloads.length },
        'the spend journal is torn here: what the power cut, or damage, has taken is lost',
      );
    }
    return payloads;
  }

  async #store(records: readonly R[], signal: AbortSignal | undefined): Promise<void> {
    const { write, batchRows } = this.#options;
    for (let at = 0; at < records.length; at += batchRows) {
      signal?.throwIfAborted();
      await write(records.slice(at, at + batchRows));
    }
  }
}
