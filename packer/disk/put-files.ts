import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Shell } from 'zx';
import { Failure } from '../failure.ts';
import { sha256OfFile } from '../hash.ts';
import { SECTOR } from './layout.ts';
import { linuxPartitions, type PartitionTable } from './read-tree.ts';

/** Where the files come from: a root tree in which they lie as they should on the disk, owner and mode included. */
export interface FilesToPut {
  readonly tree: string;
  /** Absolute paths on the machine. */
  readonly paths: readonly string[];
  /** An empty place for this run. */
  readonly work: string;
}

/**
 * Writes files of a tree into the root file system of a raw disk, in place of what is there by these names; everything
 * else stays as it is, and nothing is mounted. Each file is read back and compared, and the file system is checked.
 * Throws Failure when one of it does not hold.
 */
export async function putFiles(shell: Shell, disk: string, { tree, paths, work }: FilesToPut): Promise<void> {
  const table = JSON.parse((await shell`sfdisk --json ${disk}`).stdout) as PartitionTable;
  const device = `${disk}?offset=${linuxPartitions(table).root.start * SECTOR}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const orders = join(work, 'orders');
  const missing = await missingDirectories(shell, device, paths);
  writeFileSync(
    orders,
    [...mkdirOrders(missing), ...paths.flatMap((path) => ordersFor(tree, path))].join('\n'),
  );
  await shell`debugfs -w -f ${orders} ${device}`;
  for (const path of paths) await compare(shell, { device, tree, path, copy: join(work, 'copy') });
  const checked = await shell({ nothrow: true })`e2fsck -fn ${device}`;
  if (checked.exitCode !== 0)
    throw new Failure(`the file system is damaged:\n${checked.stdout.trim()}`, 'assemble the disk anew');
  rmSync(work, { recursive: true });
}

/** The directories of the paths that the disk has not, each after the one that it lies in. */
async function missingDirectories(shell: Shell, device: string, paths: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const directory of new Set(paths.flatMap(directoriesOf))) {
    const { stdout } = await shell`debugfs -R ${`stat "${directory}"`} ${device}`;
    if (!/Type: directory/.test(stdout)) missing.push(directory);
  }
  return missing;
}

function directoriesOf(path: string): string[] {
  const parents = dirname(path).split('/').slice(1);
  return parents.map((_, index) => `/${parents.slice(0, index + 1).join('/')}`);
}

/** It makes a directory in the directory where it is, whatever comes before the last slash. */
function mkdirOrders(directories: readonly string[]): string[] {
  return directories.flatMap((path) => [`cd "${dirname(path)}"`, `mkdir "${basename(path)}"`]);
}

/** Removing fails where there is nothing yet, which does no harm; what counts is read back. */
function ordersFor(tree: string, path: string): string[] {
  return [`rm "${path}"`, `cd "${dirname(path)}"`, `write "${join(tree, path)}" "${basename(path)}"`];
}

interface Written {
  readonly device: string;
  readonly tree: string;
  readonly path: string;
  readonly copy: string;
}

async function compare(shell: Shell, { device, tree, path, copy }: Written): Promise<void> {
  rmSync(copy, { force: true });
  await shell`debugfs -R ${`dump -p "${path}" ${copy}`} ${device}`;
  const same = await sha256OfFile(copy)
    .then(async (found) => found === (await sha256OfFile(join(tree, path))))
    .catch(() => false);
  if (!same) throw new Failure(`${path} did not arrive on the disk`, 'see whether the disk has room for it');
}
