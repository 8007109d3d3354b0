import { mkdirSync, rmSync } from 'node:fs';
import type { Shell } from 'zx';
import { Failure } from '../failure.ts';
import { SECTOR } from './layout.ts';

/** What `sfdisk --json` says about a partition. */
interface Listed {
  readonly start: number;
  readonly size: number;
  readonly type: string;
}

/** What `sfdisk --json` says about a disk. */
export interface PartitionTable {
  readonly partitiontable: { readonly partitions: readonly Listed[] };
}

/** Partition types of Linux file systems: the general one, the root of this architecture, and a separate /boot. */
const ROOT_TYPES = ['0FC63DAF-8483-4772-8E79-3D69D8477DE4', '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709'];
const BOOT_TYPE = 'BC13C2FF-59E6-4262-A352-B275FD6F7172';

/** The largest Linux partition, which is the root, and the one of /boot where that is apart. */
export function linuxPartitions({ partitiontable }: PartitionTable): {
  root: Listed;
  boot: Listed | undefined;
} {
  const [root, second] = partitiontable.partitions
    .filter(({ type }) => ROOT_TYPES.includes(type))
    .sort((a, b) => b.size - a.size);
  if (root === undefined) throw new Failure('the disk has no Linux partition', 'see what made it');
  return { root, boot: partitiontable.partitions.find(({ type }) => type === BOOT_TYPE) ?? second };
}

/**
 * Copies the file system of a qcow2 disk to `tree`, with owners and attributes. It is mounted read-only in a mount
 * namespace of the copying program's own, so nothing is left mounted whatever happens.
 */
export async function readRootTree(shell: Shell, disk: string, tree: string): Promise<void> {
  const raw = `${tree}.raw`;
  await shell`qemu-img convert -f qcow2 -O raw ${disk} ${raw}`;
  try {
    const { root, boot } = linuxPartitions(JSON.parse((await shell`sfdisk --json ${raw}`).stdout));
    mkdirSync(tree);
    for (const [partition, target] of [
      [root, tree],
      [boot, `${tree}/boot`],
    ] as const) {
      if (partition === undefined) continue;
      const mount = `ro,noload,loop,offset=${partition.start * SECTOR},sizelimit=${partition.size * SECTOR}`;
      const script = 'mount -o "$1" "$2" /mnt && cp -a /mnt/. "$3" && rm -rf "$3/lost+found"';
      await shell`unshare --mount sh -c ${script} copy ${mount} ${raw} ${target}`;
    }
  } finally {
    rmSync(raw, { force: true });
  }
}
