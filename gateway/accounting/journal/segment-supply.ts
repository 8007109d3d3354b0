import { join } from 'node:path';
import type { Logger } from '../../observe/logger.ts';
import type { Timers } from '../timers.ts';
import { type Disk, SEGMENT_SUFFIX } from './disk.ts';

const RETRY_MS = 1000;

/** One file of the journal. */
export interface Segment {
  readonly path: string;
  readonly descriptor: number;
  /** Bytes that hold frames. */
  end: number;
  /** Takes no more frames. */
  full: boolean;
  /** Whether the descriptor is open. */
  open: boolean;
}

export interface SegmentSupplyOptions {
  readonly directory: string;
  readonly disk: Disk;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'error'>;
  readonly segmentBytes: number;
}

/** The numbers grow. A spare that came late can be older than its number says, which replay does not mind. */
const segmentPath = (directory: string, number: number): string =>
  join(directory, `${String(number).padStart(8, '0')}${SEGMENT_SUFFIX}`);

const segmentAt = (path: string, descriptor: number): Segment => ({
  path,
  descriptor,
  end: 0,
  full: false,
  open: true,
});

/** The first segment of a directory. Rejects when the disk has no room for it. */
export async function firstSegment(disk: Disk, directory: string, bytes: number): Promise<Segment> {
  const path = segmentPath(directory, 0);
  return segmentAt(path, await disk.createFull(path, bytes));
}

/**
 * Keeps one segment ready, written full of zeros ahead of need, so that a full disk does not stop the entries that are on
 * their way. One that cannot be made is tried again each second.
 */
export class SegmentSupply {
  readonly #options: SegmentSupplyOptions;
  #spare: Segment | null = null;
  #numbered = 0;
  #preparing: Promise<void> | null = null;
  #failed = false;
  #cancelRetry: (() => void) | null = null;
  #closed = false;
  /** Whether there are files whose names may not be on the disk yet. */
  namesToSync = false;

  constructor(options: SegmentSupplyOptions) {
    this.#options = options;
    this.#prepare();
  }

  /** Whether a segment is ready. */
  get ready(): boolean {
    return this.#spare !== null;
  }

  /** Whether the last attempt to make one failed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The spare; where a slow disk has none ready yet, a file that grows. Throws when there is neither. */
  next(): Segment {
    const next = this.#spare ?? this.#growing();
    this.#spare = null;
    this.#prepare();
    return next;
  }

  #nextPath(): string {
    return segmentPath(this.#options.directory, ++this.#numbered);
  }

  #growing(): Segment {
    const path = this.#nextPath();
    const segment = segmentAt(path, this.#options.disk.createEmpty(path));
    this.namesToSync = true;
    return segment;
  }

  #prepare(): void {
    if (this.#closed) return;
    this.#preparing ??= this.#create().finally(() => {
      this.#preparing = null;
      // It was taken while it was made.
      if (this.#spare === null && !this.#failed) this.#prepare();
    });
  }

  async #create(): Promise<void> {
    const { disk, segmentBytes, logger, timers } = this.#options;
    const path = this.#nextPath();
    try {
      this.#spare = segmentAt(path, await disk.createFull(path, segmentBytes));
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        logger.error({ err: error, path }, 'no room for the next segment of the spend journal');
      this.#failed = true;
      this.#cancelRetry?.();
      this.#cancelRetry = timers.after(RETRY_MS, () => this.#prepare());
    }
  }

  /** Makes no more, and closes the one that is ready. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#preparing;
    this.#cancelRetry?.();
    if (this.#spare !== null) this.#options.disk.close(this.#spare.descriptor);
    this.#spare = null;
  }
}
