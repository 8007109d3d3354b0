import { open } from 'node:fs/promises';
import type { Shell } from 'zx';
import { SECTOR } from '../disk/layout.ts';
import { Failure } from '../failure.ts';
import { readRaw } from './read-raw.ts';

/** The second copy of the table: 32 sectors of entries, then its header. */
const BACKUP = 33 * SECTOR;

/**
 * Makes a raw disk larger, with the second copy of its partition table at the new end, where firmware and growpart look
 * for it. The partitions stay as they are: cloud-init lets the root grow at first boot. A disk of that size is left alone.
 */
export async function growDisk(shell: Shell, path: string, bytes: number): Promise<void> {
  const { diskBytes } = await readRaw(path);
  if (bytes === diskBytes) return;
  if (bytes < diskBytes || bytes % SECTOR !== 0)
    throw new Failure(
      `a disk of ${diskBytes} bytes cannot become one of ${bytes}`,
      'lower image.diskGiB in appliance.yaml, or give a larger size',
    );
  {
    await using file = await open(path, 'r+');
    // Left where it is, the old copy would speak for a disk that ends in the middle of this one.
    await file.write(Buffer.alloc(BACKUP), 0, BACKUP, diskBytes - BACKUP);
    await file.truncate(bytes);
  }
  await shell`sfdisk --quiet --relocate gpt-bak-std ${path}`;
  await readRaw(path);
}
