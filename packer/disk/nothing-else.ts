import { dirname, join } from 'node:path';
import type { Shell } from 'zx';
import { Failure } from '../failure.ts';
import { type ChangedDirectory, changedFiles, nameIn, type TwoDisks } from './changed-files.ts';

/**
 * Proves that two states of a disk differ in the files `paths` and in nothing else: no other file has come, gone or
 * changed, in content or attributes. Throws Failure with the paths that differ besides.
 */
export async function assertNothingElse(
  shell: Shell,
  disks: TwoDisks,
  paths: readonly string[],
): Promise<void> {
  const { files, directories } = await changedFiles(shell, disks);
  const allowed = new Set(paths.flatMap((path) => [path, ...parentsOf(path)]));
  const others = [
    ...files.filter((path) => !paths.includes(path)),
    ...directories.flatMap((directory) => strayEntries(directory, allowed)),
  ];
  if (others.length === 0) return;
  throw new Failure(
    `what ships differs from what was sealed in more than its reports:\n${[...new Set(others)].join('\n')}`,
    'find what writes there after the disk was sealed',
  );
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...parentsOf(parent)];
}

/** A directory of a file that was put may have that entry more, or may have come with it. */
function strayEntries({ path, entries }: ChangedDirectory, allowed: ReadonlySet<string>): string[] {
  if (!allowed.has(path)) return [path];
  const names = entries.map(nameIn);
  const isNew = names.filter((name) => name === '.').length === 1;
  return names
    .filter((name) => !(isNew && (name === '.' || name === '..')))
    .map((name) => (name === '.' || name === '..' ? path : join(path, name)))
    .filter((entry) => !allowed.has(entry) || entry === path);
}
