import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';

const MIB = 1024 * 1024;
const run = $({ quiet: true });

/** A file system of so many MiB, for tests that fill it. Needs root. */
export class SmallDisk implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'small-disk-'));
  readonly #filling = join(this.directory, 'filling');

  private constructor() {}

  static async mount(mebibytes: number): Promise<SmallDisk> {
    const disk = new SmallDisk();
    await run`mount -t tmpfs -o size=${mebibytes}m tmpfs ${disk.directory}`;
    return disk;
  }

  /** Leaves so many MiB free. */
  async leave(mebibytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.directory);
    const file = await open(this.#filling, 'a');
    try {
      await file.writeFile(Buffer.alloc(Math.max(0, bavail * bsize - mebibytes * MIB)));
    } finally {
      await file.close();
    }
  }

  /** Gives back what was filled. */
  async free(): Promise<void> {
    await rm(this.#filling, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run`umount --lazy ${this.directory}`;
    rmSync(this.directory, { recursive: true });
  }
}
