import { open } from 'node:fs/promises';
import type { Shell } from 'zx';
import { Failure } from '../failure.ts';
import { differingBlocks } from './block-difference.ts';
import { type Ext4Geometry, isWithin, readGeometry } from './ext4-geometry.ts';
import { SECTOR } from './layout.ts';
import { linuxPartitions, type PartitionTable } from './read-tree.ts';

/** The inode of the root directory, in every ext4. */
const ROOT = 2;
/** Numbers in one order to debugfs. */
const AT_ONCE = 1000;

/** A raw disk as it was and as it is. */
export interface TwoDisks {
  readonly before: string;
  readonly after: string;
}

/** The root file systems of two disks, as e2fsprogs take them. */
interface TwoDevices extends TwoDisks {
  readonly beforeDevice: string;
  readonly afterDevice: string;
  /** Bytes from the beginning of the disks. */
  readonly offset: number;
}

/** A directory whose entries have changed, and the entries that have, as `ls -p` of debugfs writes them. */
export interface ChangedDirectory {
  readonly path: string;
  readonly entries: readonly string[];
}

/** What differs between the two, in content, attributes or existence. */
export interface ChangedFiles {
  /** Everything but directories. An inode that has no name is called `inode NUMBER`. */
  readonly files: readonly string[];
  readonly directories: readonly ChangedDirectory[];
}

/**
 * Finds what differs between two states of one disk by comparing every byte of them, so that nothing escapes it that a
 * list of files would not show. Throws Failure when bytes outside of the root file system differ.
 */
export async function changedFiles(shell: Shell, disks: TwoDisks): Promise<ChangedFiles> {
  const table = JSON.parse((await shell`sfdisk --json ${disks.after}`).stdout) as PartitionTable;
  const { root } = linuxPartitions(table);
  const offset = root.start * SECTOR;
  const [beforeDevice, afterDevice] = [disks.before, disks.after].map((disk) => `${disk}?offset=${offset}`);
  const devices = { ...disks, offset, beforeDevice, afterDevice } as TwoDevices;
  const geometry = readGeometry((await shell`dumpe2fs ${devices.afterDevice}`).stdout);
  const blocks = await rootBlocks(shell, devices, geometry, root.size * SECTOR);
  const inodes = new Set([
    ...(await changedInodes(devices, geometry, blocks)),
    ...(await ownersOf(shell, devices, geometry, blocks)),
  ]);
  return named(shell, devices, [...inodes]);
}

/** The changed blocks, counted from the beginning of the root file system. */
async function rootBlocks(
  shell: Shell,
  { before, after, offset }: TwoDevices,
  { blockBytes }: Ext4Geometry,
  bytes: number,
): Promise<number[]> {
  const first = offset / blockBytes;
  const blocks = await differingBlocks(shell, before, after, blockBytes);
  const outside = blocks.find((block) => block < first || block >= first + bytes / blockBytes);
  if (outside === undefined) return blocks.map((block) => block - first);
  throw new Failure(
    `the disk differs at byte ${outside * blockBytes}, outside of its root file system`,
    'find what writes there, and have nothing written to a disk that is sealed',
  );
}

/** The inodes whose own record differs. */
async function changedInodes(
  { before, after, offset }: TwoDevices,
  { blockBytes, inodeBytes, inodesPerGroup, inodeTables }: Ext4Geometry,
  blocks: readonly number[],
): Promise<number[]> {
  await using left = await open(before);
  await using right = await open(after);
  const perBlock = blockBytes / inodeBytes;
  const [a, b] = [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)];
  const found: number[] = [];
  for (const block of blocks) {
    const group = inodeTables.findIndex((table) => isWithin(block, table));
    const first = inodeTables[group]?.first;
    if (first === undefined) continue;
    await left.read(a, 0, blockBytes, offset + block * blockBytes);
    await right.read(b, 0, blockBytes, offset + block * blockBytes);
    for (let slot = 0; slot < perBlock; slot++) {
      const [from, to] = [slot * inodeBytes, (slot + 1) * inodeBytes];
      if (a.subarray(from, to).equals(b.subarray(from, to))) continue;
      found.push(group * inodesPerGroup + (block - first) * perBlock + slot + 1);
    }
  }
  return found;
}

/** The inodes to which a changed block belongs or belonged; what belongs to none is free, and nobody reads it. */
async function ownersOf(
  shell: Shell,
  { beforeDevice, afterDevice }: TwoDevices,
  { inodeTables, books }: Ext4Geometry,
  blocks: readonly number[],
): Promise<number[]> {
  const own = [...inodeTables, ...books];
  const content = blocks.filter((block) => !own.some((range) => isWithin(block, range)));
  const found: number[] = [];
  for (const device of [beforeDevice, afterDevice]) {
    const lines = await asked(shell, device, 'icheck', content, /^\d+\t(\d+)$/gm);
    found.push(...lines.map(([, inode]) => Number(inode)));
  }
  return found;
}

async function named(
  shell: Shell,
  { beforeDevice, afterDevice }: TwoDevices,
  inodes: readonly number[],
): Promise<ChangedFiles> {
  const [was, is] = [await namesOf(shell, beforeDevice, inodes), await namesOf(shell, afterDevice, inodes)];
  const files = inodes.filter((inode) => !was.has(inode) && !is.has(inode)).map((inode) => `inode ${inode}`);
  const directories: ChangedDirectory[] = [];
  for (const inode of inodes) {
    const before = await entriesOf(shell, beforeDevice, inode);
    const after = await entriesOf(shell, afterDevice, inode);
    if (before === undefined) files.push(...(was.get(inode) ?? []));
    if (after === undefined) files.push(...(is.get(inode) ?? []));
    const [path] = (after === undefined ? was : is).get(inode) ?? [];
    if (path !== undefined && (before ?? after) !== undefined)
      directories.push({ path, entries: difference(before ?? [], after ?? []) });
  }
  return { files: [...new Set(files)].sort(), directories };
}

/** Every name of each inode that has one. */
async function namesOf(
  shell: Shell,
  device: string,
  inodes: readonly number[],
): Promise<Map<number, string[]>> {
  const lines = await asked(shell, device, 'ncheck', inodes, /^(\d+)\t\/*(\/.*)$/gm);
  const names = Map.groupBy(lines, ([, inode]) => Number(inode));
  const byInode = [...names].map(([inode, found]) => [inode, found.map(([, , path]) => path)] as const);
  return new Map([...byInode, [ROOT, ['/']]]) as Map<number, string[]>;
}

/** Lines `/INODE/MODE/UID/GID/NAME/SIZE/`, its own and its parent's included; undefined for what is no directory. */
async function entriesOf(shell: Shell, device: string, inode: number): Promise<string[] | undefined> {
  const { stdout } = await shell`debugfs -R ${`ls -p <${inode}>`} ${device}`;
  const entries = stdout.split('\n').filter((line) => line.startsWith('/'));
  return entries.some((entry) => nameIn(entry) === '.') ? entries : undefined;
}

/** The lines that only one of the two has. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((line) => !after.includes(line)),
    ...after.filter((line) => !before.includes(line)),
  ];
}

/** The name in a line of a directory. */
export function nameIn(entry: string): string {
  return entry.split('/')[5] ?? '';
}

/** What debugfs answers about numbers; it ends with 0 whatever it has to say, and a number without an answer has none. */
async function asked(
  shell: Shell,
  device: string,
  order: 'icheck' | 'ncheck',
  numbers: readonly number[],
  answer: RegExp,
): Promise<RegExpExecArray[]> {
  const answers: RegExpExecArray[] = [];
  for (let from = 0; from < numbers.length; from += AT_ONCE) {
    const some = numbers.slice(from, from + AT_ONCE).join(' ');
    const { stdout } = await shell`debugfs -R ${`${order} ${some}`} ${device}`;
    answers.push(...stdout.matchAll(answer));
  }
  return answers;
}
