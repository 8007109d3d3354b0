import { type Dirent, existsSync, lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { NotRun } from './look.ts';

/** A file of a root tree that must be there for a check to be one. Throws NotRun when it is not. */
export function requiredText(tree: string, path: string): string {
  const stat = lstatSync(join(tree, path), { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw new NotRun(`the tree has no ${path}`);
  return readFileSync(join(tree, path), 'utf8');
}

/** The lines of a settings file without comments and empty ones; none when there is no such file. */
export function settings(tree: string, path: string): string[] {
  if (!existsSync(join(tree, path))) return [];
  return meaningful(readFileSync(join(tree, path), 'utf8'));
}

export function meaningful(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Names in a directory of the tree, in order; none when there is none. */
export function namesIn(tree: string, directory: string): string[] {
  return entriesIn(tree, directory).map(({ name }) => name);
}

function entriesIn(tree: string, directory: string): Dirent[] {
  const stat = lstatSync(join(tree, directory), { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return [];
  return readdirSync(join(tree, directory), { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

/** Everything below a directory, itself left out; links are not followed. */
export function* walk(tree: string, directory = ''): Generator<{ path: string; stat: Stats }> {
  for (const { name } of entriesIn(tree, directory || '/')) {
    const path = `${directory}/${name}`;
    const stat = lstatSync(join(tree, path));
    yield { path, stat };
    if (stat.isDirectory()) yield* walk(tree, path);
  }
}
