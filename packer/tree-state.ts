import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { Failure } from './failure.ts';
import { sha256 } from './hash.ts';

/** Every path of a tree, with its attributes and the hash of its content. */
export type TreeState = ReadonlyMap<string, string>;

/**
 * Describes a tree, links as links. Of a directory only its attributes count, since its entries are paths of their own.
 * Times do not: what looks at a tree may link its files elsewhere, and a file that was written may be given its old time.
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
  const stat = lstatSync(path);
  return [stat.mode, stat.uid, stat.gid, contentOf(path, stat)].join(' ');
}

function contentOf(path: string, stat: Stats): string {
  if (stat.isFile()) return sha256(readFileSync(path));
  if (stat.isSymbolicLink()) return readlinkSync(path);
  return stat.isDirectory() ? '' : String(stat.rdev);
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
