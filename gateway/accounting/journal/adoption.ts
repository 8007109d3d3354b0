import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../observe/logger.ts';
import type { Timers } from '../timers.ts';
import { isDead, UNFINISHED } from './owner.ts';
import type { Replayed } from './replay.ts';

const PROCESS_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ADOPTED = 'adopted';

export interface AdoptionOptions {
  /** Where each process has its directory. */
  readonly stateDirectory: string;
  /** This process's own. */
  readonly ownDirectory: string;
  /** Stores what the journal in a directory holds; rejects when it is to be tried again. */
  readonly replay: (directory: string, signal: AbortSignal) => Promise<Replayed>;
  /**
   * Told of each dead process once its rows are stored; told again when it rejects, or when this process ends before the
   * directory is gone.
   */
  readonly adopted: (processId: string) => Promise<void>;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly everyMs: number;
}

/**
 * Takes over what dead processes have left, at once and then again and again.
 *
 * A directory is adopted by moving it into the adopter's own, which one of several succeeds with. There it is safe from
 * others until it is done with, or its adopter is dead as well: whoever adopts that finds it inside.
 */
export class Adoption {
  readonly #options: AdoptionOptions;
  readonly #place: string;
  #round: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | null = null;
  readonly #stop = new AbortController();

  constructor(options: AdoptionOptions) {
    this.#options = options;
    this.#place = join(options.ownDirectory, ADOPTED);
  }

  start(): void {
    if (this.#stop.signal.aborted) return;
    this.#round = this.#run().finally(() => {
      this.#cancelTimer = this.#options.timers.after(this.#options.everyMs, () => this.start());
    });
  }

  /** Whether directories of others are still kept here. */
  async unfinished(): Promise<boolean> {
    return (await this.#kept()).length > 0;
  }

  /** Lets the rows that are being stored arrive and begins no others. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#round;
    this.#cancelTimer?.();
  }

  async #run(): Promise<void> {
    try {
      await mkdir(this.#place, { recursive: true });
      await this.#adoptDead();
      for (let [next] = await this.#kept(); next !== undefined; [next] = await this.#kept()) {
        if (this.#stop.signal.aborted) return;
        await this.#finish(next);
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.logger.warn(
        { err: error },
        'spend rows of a gateway that ended wait: they are tried again',
      );
    }
  }

  async #kept(): Promise<string[]> {
    return (await entriesOf(this.#place)).filter((name) => PROCESS_ID.test(name));
  }

  async #adoptDead(): Promise<void> {
    const { stateDirectory, ownDirectory } = this.#options;
    for (const name of await entriesOf(stateDirectory)) {
      const directory = join(stateDirectory, name);
      if (directory === ownDirectory || !(await this.#isLeftover(name, directory))) continue;
      if (name.startsWith(UNFINISHED)) await rm(directory, { recursive: true, force: true });
      else await this.#adopt(directory, name);
    }
  }

  async #isLeftover(name: string, directory: string): Promise<boolean> {
    if (!PROCESS_ID.test(name.startsWith(UNFINISHED) ? name.slice(UNFINISHED.length) : name)) return false;
    return await unlessGone(() => isDead(directory), false);
  }

  async #adopt(directory: string, processId: string): Promise<void> {
    if (!(await moved(directory, join(this.#place, processId)))) return;
    this.#options.logger.info({ process: processId }, 'takes over the spend rows of a gateway that ended');
  }

  /** Puts beside a directory what it had adopted itself: that must not be removed with it, however deep it lies. */
  async #unpack(directory: string): Promise<void> {
    const inner = join(directory, ADOPTED);
    for (const name of await entriesOf(inner)) await moved(join(inner, name), join(this.#place, name));
  }

  async #finish(processId: string): Promise<void> {
    const { replay, adopted, logger } = this.#options;
    const directory = join(this.#place, processId);
    await this.#unpack(directory);
    const { closed, lost } = await replay(directory, this.#stop.signal);
    await adopted(processId);
    await rm(directory, { recursive: true, force: true });
    logger.info({ process: processId, closed, lost }, 'spend rows of a gateway that ended are stored');
  }
}

/** Another process may be quicker: what it took away is none of ours. */
async function unlessGone<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}

const entriesOf = (directory: string): Promise<string[]> => unlessGone(() => readdir(directory), []);

const moved = (from: string, to: string): Promise<boolean> =>
  unlessGone(async () => {
    await rename(from, to);
    return true;
  }, false);
