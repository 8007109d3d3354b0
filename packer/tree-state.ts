import { lstatSync, readdirSync } from 'node:fs';
import { Failure } from './failure.ts';

/** Every path of a tree, with what the file system says of it. */
export type TreeState = ReadonlyMap<string, string>;

/**
 * Describes a tree without reading its files: none can change without its change time, which no program can set. Of a
 * directory only its attributes count, since its entries are paths of their own.
 */
export function treeState(tree: string): TreeState {
  return new Map(statesBelow(tree, ''));
}

function* statesBelow(tree: string, directory: string): Generator<[string, string]> {
  yield [directory || '/', stateOf(`${tree}${directory}`)];
  for (const entry of readdirSync(`${tree}${directory}`, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) yield* statesBelow(tree, path);
    else yield [path, stateOf(`${tree}${path}`)];
  }
}

function stateOf(path: string): string {
  const stat = lstatSync(path, { bigint: true });
  const attributes = [stat.ino, stat.mode, stat.uid, stat.gid];
  return (stat.isDirectory() ? attributes : [...attributes, stat.size, stat.mtimeNs, stat.ctimeNs]).join(' ');
}

/** Throws Failure with the paths that differ between two states of a tree and are none of `paths`. */
export function assertSameTree(before: TreeState, after: TreeState, paths: readonly string[]): void {
  const others = [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .filter((path) => !paths.includes(path) && !isNewParent(path, before, paths));
  if (others.length === 0) return;
  throw new Failure(
    `the tree differs from what was sealed in more than its reports:\n${others.sort().join('\n')}`,
    'find what writes there after the tree was sealed',
  );
}

function isNewParent(path: string, before: TreeState, paths: readonly string[]): boolean {
  return !before.has(path) && paths.some((put) => put.startsWith(`${path}/`));
}
