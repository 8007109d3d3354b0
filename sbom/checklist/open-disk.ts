import { chmodSync, closeSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shell } from 'zx';
import { Failure, formatOf } from '../../packer/index.ts';
import type { Disk, DiskPartition } from './subject.ts';
import { walk } from './tree.ts';

const SECTOR = 512;
const LINUX = ['0FC63DAF-8483-4772-8E79-3D69D8477DE4', '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709'];
const BOOT = 'BC13C2FF-59E6-4262-A352-B275FD6F7172';
const ESP = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
/** Set-user-id, set-group-id and sticky: a copy loses them when it gets its owner. */
const SPECIAL_BITS = 0o7000;

interface Table {
  readonly partitiontable: { readonly label: string; readonly partitions: readonly DiskPartition[] };
}

/** A disk whose copies are removed when it goes out of scope. */
export type OpenDisk = Disk & Disposable;

/**
 * Reads what was made for `target` into `work`, which is emptied first, with nothing mounted: what is judged may be anybody's disk.
 * Throws Failure when it holds no Linux system.
 */
export async function openDisk(
  shell: Shell,
  { image, target }: { image: string; target: string },
  work: string,
): Promise<OpenDisk> {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const raw = join(work, 'disk.raw');
  await formatOf(target).restore(shell, image, raw);
  const { partitiontable } = JSON.parse((await shell`sfdisk --json ${raw}`).stdout) as Table;
  const partitions = partitiontable.partitions.map(({ start, size, type }) => ({
    start,
    size,
    type: type.toUpperCase(),
  }));
  const tree = join(work, 'tree');
  await copyRoot(shell, { raw, tree, partitions });
  const handle = openSync(raw, 'r');
  return {
    tree,
    label: partitiontable.label,
    partitions,
    espFiles: await listEsp(shell, raw, partitions),
    read: (offset, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(handle, bytes, 0, length, offset));
    },
    [Symbol.dispose]: () => {
      closeSync(handle);
      rmSync(work, { recursive: true, force: true });
    },
  };
}

interface RawDisk {
  readonly raw: string;
  readonly tree: string;
  readonly partitions: readonly DiskPartition[];
}

async function copyRoot(shell: Shell, { raw, tree, partitions }: RawDisk): Promise<void> {
  const [root] = partitions.filter(({ type }) => LINUX.includes(type)).sort((a, b) => b.size - a.size);
  if (root === undefined)
    throw new Failure('the disk has no Linux partition', 'give the image that make image has made');
  mkdirSync(tree);
  await copyFileSystem(shell, raw, root, tree);
  const boot = partitions.find(({ type }) => type === BOOT);
  if (boot !== undefined) await copyFileSystem(shell, raw, boot, join(tree, 'boot'));
}

async function copyFileSystem(
  shell: Shell,
  raw: string,
  { start }: DiskPartition,
  to: string,
): Promise<void> {
  const device = `${raw}?offset=${start * SECTOR}`;
  const { stderr } = await shell`debugfs -R ${`rdump / ${to}`} ${device}`;
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('debugfs '));
  if (complaints.length > 0) throw new Failure(`the disk cannot be read: ${complaints[0]}`, 'bake it again');
  const directories = ['', ...[...walk(to)].filter(({ stat }) => stat.isDirectory()).map(({ path }) => path)];
  const orders = `${to}.orders`;
  writeFileSync(orders, directories.map((path) => `ls -p "${path}/"\n`).join(''));
  const listed = (await shell`debugfs -f ${orders} ${device}`).stdout;
  restoreSpecialBits(listed, to);
  rmSync(orders);
}

/** Lines `/INODE/MODE/UID/GID/NAME/SIZE/` below the order that asked for a directory. */
function restoreSpecialBits(listed: string, to: string): void {
  let directory = '';
  for (const line of listed.split('\n')) {
    const asked = /^debugfs: ls -p "(.*)\/"$/.exec(line)?.[1];
    if (asked !== undefined) directory = asked;
    const [, mode = '', name = ''] = /^\/\d+\/(\d+)\/\d+\/\d+\/([^/]+)\/\d*\/$/.exec(line) ?? [];
    const bits = Number.parseInt(mode, 8);
    const isLink = (bits & 0o170000) === 0o120000;
    if (!isLink && (bits & SPECIAL_BITS) !== 0) chmodSync(join(to, directory, name), bits & 0o7777);
  }
}

async function listEsp(shell: Shell, raw: string, partitions: readonly DiskPartition[]): Promise<string[]> {
  const esp = partitions.find(({ type }) => type === ESP);
  if (esp === undefined) return [];
  const { stdout } = await shell`mdir -b -/ -i ${`${raw}@@${esp.start * SECTOR}`} ::/`;
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('::/'))
    .map((line) => line.slice(2).toUpperCase());
}
