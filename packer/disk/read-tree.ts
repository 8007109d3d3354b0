import { mkdirSync, rmSync } from 'node:fs';
import type { Shell } from 'zx';
import { Failure } from '../failure.ts';
import { SECTOR } from './layout.ts';

interface Listed {
  readonly node: string;
  readonly start: number;
  readonly size: number;
  readonly type: string;
}

/** Partition types that a root file system has: "Linux file system" and "Linux root (x86-64)". */
const ROOT_TYPES = ['0FC63DAF-8483-4772-8E79-3D69D8477DE4', '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709'];

/** The largest partition of a Linux type in what `sfdisk --json` says; that is where the root is. */
export function rootPartition(table: { partitiontable: { partitions: readonly Listed[] } }): Listed {
  const roots = table.partitiontable.partitions
    .filter(({ type }) => ROOT_TYPES.includes(type))
    .sort((a, b) => b.size - a.size);
  if (roots[0] === undefined) throw new Failure('the disk has no Linux partition', 'see what made it');
  return roots[0];
}

/** Copies the root file system of a qcow2 disk to `tree`, for reading: nothing is mounted, extended attributes are lost. */
export async function readRootTree(shell: Shell, disk: string, tree: string): Promise<void> {
  const raw = `${disk}.raw`;
  await shell`qemu-img convert -f qcow2 -O raw ${disk} ${raw}`;
  try {
    const { start } = rootPartition(JSON.parse((await shell`sfdisk --json ${raw}`).stdout));
    mkdirSync(tree);
    // debugfs ends with 0 whatever happened; that something was copied is checked by what everyone reads next.
    await shell`debugfs -R ${`rdump / ${tree}`} ${`${raw}?offset=${start * SECTOR}`}`;
  } finally {
    rmSync(raw, { force: true });
  }
}
