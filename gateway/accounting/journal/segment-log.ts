import type { Logger } from '../../observe/logger.ts';
import { FrameBuffer } from './frame.ts';
import { type Segment, SegmentSupply, type SegmentSupplyOptions } from './segment-supply.ts';

const RETRY_MS = 1000;

export interface SegmentLogOptions<E> extends SegmentSupplyOptions {
  readonly logger: Pick<Logger, 'error' | 'warn'>;
  /** How long a written byte may wait until it is on its way to the disk. */
  readonly syncMs: number;
  /** Calls back once the callbacks of the turn's events have run; in the order of the calls, as `setImmediate` does. */
  readonly defer: (work: () => void) => void;
  /** Entries go into this segment from now on. */
  readonly began: (segment: Segment) => void;
  /** An entry lies in the page cache, at this place; told again when it had to be written a second time. */
  readonly written: (entry: E, segment: Segment, offset: number) => void;
  /** An entry cannot be written now; it is kept and tried again. */
  readonly delayed: (entry: E) => void;
}

/**
 * Appends entries to segments, one after the other.
 *
 * Entries of one turn of the event loop are written in one piece at its end, before anything that was deferred after
 * them: with four of them in a piece, an entry takes two thirds of the CPU that it takes alone.
 *
 * Writing: entries go into the current segment and then into the next. Stuck: the disk takes nothing; entries wait in
 * memory in their order, and are tried again each second. What was written since the last sync that succeeded is
 * remembered: a failed sync has lost it, so it is written again, into the next segment.
 */
export class SegmentLog<E extends { readonly payload: string }> {
  readonly #options: SegmentLogOptions<E>;
  readonly #frames = new FrameBuffer();
  #current: Segment;
  readonly #supply: SegmentSupply;
  #queue: E[] = [];
  #deferred = false;
  #stuck = false;
  /** Whether the log knows already that it is stuck. */
  #told = false;
  #unsynced: E[] = [];
  readonly #toSync = new Set<Segment>();
  #syncing: Promise<void> | null = null;
  #cancelSync: (() => void) | null = null;
  #cancelRetry: (() => void) | null = null;
  #closed = false;

  /** Goes on with a segment that holds nothing yet. */
  constructor(options: SegmentLogOptions<E>, first: Segment) {
    this.#options = options;
    this.#current = first;
    this.#supply = new SegmentSupply(options);
    options.began(first);
  }

  /** Whether the disk took everything so far and there is room ahead. */
  get healthy(): boolean {
    return !this.#stuck && !this.#supply.failed;
  }

  /** Entries that wait because they could not be written. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Takes an entry to be written at the end of this turn. */
  append(entry: E): void {
    this.#queue.push(entry);
    if (this.#stuck) this.#options.delayed(entry);
    else if (!this.#deferred) {
      this.#deferred = true;
      this.#options.defer(() => this.flush());
    }
  }

  /** Writes at once what was taken. */
  flush(): void {
    this.#deferred = false;
    if (this.#stuck) return;
    while (this.#queue.length > 0 && this.#writeNext());
  }

  /** Writes as many entries as fit; false when it is stuck. */
  #writeNext(): boolean {
    const segment = this.#current;
    const offsets = this.#collect(segment);
    if (offsets.length === 0) return this.#roll();
    try {
      this.#options.disk.write(segment.descriptor, this.#frames.bytes, segment.end);
    } catch (error) {
      // Once: were it the disk and not this file, each attempt would cost a segment.
      if (!this.#supply.ready || this.#told) return this.#stick(error);
      this.#options.logger.warn(
        { err: error },
        'a segment of the spend journal cannot be written; the next one is taken',
      );
      return this.#roll();
    }
    segment.end += this.#frames.length;
    const entries = this.#queue.splice(0, offsets.length);
    this.#toSync.add(segment);
    this.#unsynced.push(...entries);
    this.#syncSoon();
    for (const [index, entry] of entries.entries()) {
      this.#options.written(entry, segment, offsets[index] as number);
    }
    return true;
  }

  /** Puts frames together and returns where each will stand. An entry larger than a segment gets one of its own. */
  #collect(segment: Segment): number[] {
    const frames = this.#frames;
    frames.clear();
    const offsets: number[] = [];
    if (segment.full) return offsets;
    for (const { payload } of this.#queue) {
      const before = frames.length;
      frames.add(payload);
      const fits = segment.end + frames.length <= this.#options.segmentBytes;
      if (!fits && segment.end + before > 0) {
        frames.clear(before);
        break;
      }
      offsets.push(segment.end + before);
    }
    return offsets;
  }

  #roll(): boolean {
    try {
      const next = this.#supply.next();
      this.#current.full = true;
      // Its descriptor is closed behind the sync.
      this.#toSync.add(this.#current);
      this.#current = next;
      this.#options.began(next);
      return true;
    } catch (error) {
      return this.#stick(error);
    }
  }

  /** Returns false, as what was tried did not succeed. */
  #stick(error: unknown): false {
    const { logger, delayed } = this.#options;
    if (!this.#told) {
      logger.error(
        { err: error, waiting: this.#queue.length },
        'the spend journal cannot be written: calls that are running are kept in memory, new ones are refused',
      );
      for (const entry of this.#queue) delayed(entry);
    }
    this.#stuck = true;
    this.#told = true;
    if (!this.#closed) this.#cancelRetry ??= this.#options.timers.after(RETRY_MS, () => this.#retry());
    return false;
  }

  #retry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#stuck = false;
    const waited = this.#queue.length;
    this.flush();
    if (this.#stuck) return;
    this.#told = false;
    this.#options.logger.warn({ waited }, 'the spend journal is written again');
  }

  #syncSoon(): void {
    if (this.#syncing !== null || this.#closed) return;
    this.#cancelSync ??= this.#options.timers.after(this.#options.syncMs, () => void this.#startSync());
  }

  #startSync(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelSync = null;
    this.#syncing ??= this.#syncWritten().finally(() => {
      this.#syncing = null;
      if (this.#unsynced.length > 0) this.#syncSoon();
    });
    return this.#syncing;
  }

  async #syncWritten(): Promise<void> {
    const { disk, directory } = this.#options;
    const count = this.#unsynced.length;
    const segments = [...this.#toSync];
    this.#toSync.clear();
    const names = this.#supply.namesToSync;
    this.#supply.namesToSync = false;
    try {
      for (const { descriptor } of segments) await disk.sync(descriptor);
      if (names) await disk.syncNames(directory);
      this.#unsynced.splice(0, count);
      for (const segment of segments)
        if (this.isOver(segment) && !this.#toSync.has(segment)) this.#release(segment);
    } catch (error) {
      this.#current.full = true;
      this.#stick(error);
      this.#queue.unshift(...this.#unsynced.splice(0));
    }
  }

  /** Resolves when everything taken before is on the disk: true; or is kept in memory because it cannot: false. */
  async sync(): Promise<boolean> {
    this.flush();
    await this.#syncing;
    await this.#startSync();
    return !this.#stuck;
  }

  /** Whether a segment takes no more entries. */
  isOver(segment: Segment): boolean {
    return segment.full && segment !== this.#current;
  }

  #release(segment: Segment): void {
    if (segment.open) this.#options.disk.close(segment.descriptor);
    segment.open = false;
  }

  /** Removes the file of a segment that is over. */
  async remove(segment: Segment): Promise<void> {
    this.#toSync.delete(segment);
    this.#release(segment);
    await this.#options.disk.remove(segment.path);
  }

  /** Syncs what can be synced and closes all files, which stay. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#stuck) this.#retry();
    await this.sync();
    await this.#supply.close();
    this.#cancelRetry?.();
    this.#cancelSync?.();
    for (const segment of [...this.#toSync, this.#current]) this.#release(segment);
  }
}
