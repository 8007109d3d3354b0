import { rm } from 'node:fs/promises';
import type { Logger } from '../../observe/logger.ts';
import { Adoption } from './adoption.ts';
import { realDisk } from './disk.ts';
import type { Journaled } from './entry.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { type OwnedDirectory, ownDirectory } from './owner.ts';
import { Replay } from './replay.ts';
import { Space } from './space.ts';

const SECOND = 1000;
const MIB = 1024 * 1024;
const SEGMENT_BYTES = 4 * MIB;
const LOOK_EVERY_MS = SECOND;

/** What may be left out of the options. */
interface Tuning
  extends Pick<
    JournalOptions<Journaled>,
    'disk' | 'segmentBytes' | 'syncMs' | 'batchRows' | 'maxRows' | 'maxBytes' | 'defer'
  > {
  /** Free bytes below which calls are refused. */
  readonly leastBytes: number;
  readonly adoptEveryMs: number;
  /** Told of each dead process once its rows are stored; may be told twice. */
  readonly adopted: (processId: string) => Promise<void>;
}

export interface SpendJournalOptions<R extends Journaled>
  extends Omit<JournalOptions<R>, keyof Tuning>,
    Partial<Tuning> {
  /** Where each process on this machine has its directory. Made when it is not there. */
  readonly stateDirectory: string;
  /** UUID of this process, new at each start. */
  readonly processId: string;
  /** The row of a call of which nothing was heard after this record. */
  readonly lost: (record: R) => R;
  readonly logger: Pick<Logger, 'error' | 'info' | 'warn'>;
  /** How long `close` waits for the database. */
  readonly closeMs: number;
}

const tuning: Tuning = {
  disk: realDisk,
  segmentBytes: SEGMENT_BYTES,
  // The sync has 10 ms to end within the 50 that a power cut may take.
  syncMs: 40,
  leastBytes: 2 * SEGMENT_BYTES + 64 * MIB,
  batchRows: 500,
  maxRows: 20_000,
  maxBytes: 32 * MIB,
  adoptEveryMs: 30 * SECOND,
  adopted: async () => undefined,
  defer: (work) => void setImmediate(work),
};

/**
 * The record of what calls cost, on disk before the last byte of their answers.
 *
 * A call is begun before it is sent and finished, or discarded, when it is over; between them its record may be replaced.
 * What these methods take is written before anything that is deferred (`setImmediate`) after them: the end of an answer
 * is, and the sending of a call. None of them throws or waits, whatever disk and database do; `accepting` says when to
 * begin no call.
 */
export class SpendJournal<R extends Journaled> {
  readonly #options: SpendJournalOptions<R>;
  readonly #owned: OwnedDirectory;
  readonly #journal: Journal<R>;
  readonly #adoption: Adoption;
  readonly #space: Space;
  #cancelLook: (() => void) | null = null;
  #closed = false;

  private constructor(options: SpendJournalOptions<R> & Tuning, owned: OwnedDirectory, journal: Journal<R>) {
    this.#options = options;
    this.#owned = owned;
    this.#journal = journal;
    this.#space = new Space({ ...options, directory: owned.path });
    const replay = new Replay(options);
    this.#adoption = new Adoption({
      ...options,
      ownDirectory: owned.path,
      replay: (directory, signal) => replay.run(directory, signal),
      everyMs: options.adoptEveryMs,
    });
  }

  /** Makes this process's directory and begins to store what dead processes left. Rejects when the disk takes no files. */
  static async open<R extends Journaled>(given: SpendJournalOptions<R>): Promise<SpendJournal<R>> {
    const options = { ...tuning, ...given };
    const owned = await ownDirectory(options.stateDirectory, options.processId);
    const spend = new SpendJournal(options, owned, await Journal.open(options, owned.path));
    await spend.#look();
    spend.#adoption.start();
    return spend;
  }

  /** Whether calls may begin: the disk takes what they leave, and there is room for what comes. */
  accepting(): boolean {
    return this.#journal.healthy && this.#space.enough;
  }

  /** Puts on record what a call becomes if nothing more is heard of it. */
  begin(record: R): void {
    this.#journal.begin(record);
  }

  /** Replaces that record; it is written when this returns. Nothing happens when the call is over. */
  progress(record: R): void {
    this.#journal.progress(record);
  }

  /** Puts on record what a call became: the row that will be stored. */
  finish(record: R): void {
    this.#journal.finish(record);
  }

  /** Puts on record that a call is over and leaves no row. */
  discard(rowId: string): void {
    this.#journal.discard(rowId);
  }

  async #look(): Promise<void> {
    await this.#space.look();
    this.#journal.sweep();
    if (!this.#closed) this.#cancelLook = this.#options.timers.after(LOOK_EVERY_MS, () => void this.#look());
  }

  /**
   * Stores what waits, as long as the time allows, and removes this process's directory when nothing is left in it. What
   * is left is stored by the next process that looks for it.
   */
  async close(): Promise<void> {
    const [done] = await Promise.all([this.#journal.close(this.#options.closeMs), this.#adoption.close()]);
    this.#closed = true;
    this.#cancelLook?.();
    if (done && !(await this.#adoption.unfinished()))
      await rm(this.#owned.path, { recursive: true, force: true });
    await this.#owned.disown();
  }
}
