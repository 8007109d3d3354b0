import type { Logger } from '../../observe/logger.ts';
import type { Disk } from './disk.ts';

export interface SpaceOptions {
  readonly directory: string;
  readonly disk: Pick<Disk, 'freeBytes'>;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
  /** Less than this is too little. */
  readonly leastBytes: number;
}

/** Whether the journal's file system has room. What cannot be looked at counts as full. */
export class Space {
  readonly #options: SpaceOptions;
  #enough = true;

  constructor(options: SpaceOptions) {
    this.#options = options;
  }

  get enough(): boolean {
    return this.#enough;
  }

  async look(): Promise<void> {
    const { directory, disk, logger, leastBytes } = this.#options;
    const was = this.#enough;
    try {
      const free = await disk.freeBytes(directory);
      this.#enough = free >= leastBytes;
      if (was === this.#enough) return;
      const entry = { directory, free_bytes: free, least_bytes: leastBytes };
      if (this.#enough) logger.warn(entry, 'there is room for the spend journal again: calls are served');
      else logger.error(entry, 'no room for the spend journal: calls are refused until space is freed');
    } catch (error) {
      this.#enough = false;
      if (was)
        logger.error(
          { err: error, directory },
          'the room for the spend journal cannot be looked at: calls are refused',
        );
    }
  }
}
