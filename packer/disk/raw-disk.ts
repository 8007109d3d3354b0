import { rmSync } from 'node:fs';
import type { Shell } from 'zx';
import type { SealedDisk } from '../driver.ts';

/** The same disk as a raw one, which takes files without being mounted; the other is gone afterwards. */
export async function rawDisk(shell: Shell, disk: SealedDisk): Promise<SealedDisk> {
  if (disk.format === 'raw') return disk;
  const path = `${disk.path}.raw`;
  await shell`qemu-img convert -f ${disk.format} -O raw ${disk.path} ${path}`;
  rmSync(disk.path);
  return { ...disk, path, format: 'raw' };
}
