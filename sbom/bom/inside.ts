import { lstatSync, readlinkSync } from 'node:fs';

/** As many as the kernel follows. */
const MOST_LINKS = 40;

/**
 * The path on this machine of what `path` names inside a root tree, with links followed as the tree's own machine would
 * follow them: an absolute one stays in the tree. Undefined when there is nothing, or when the links lead in a circle.
 */
export function inside(tree: string, path: string): string | undefined {
  const ahead = path.split('/');
  const behind: string[] = [];
  let links = 0;
  while (ahead.length > 0) {
    const segment = ahead.shift() as string;
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      behind.pop();
      continue;
    }
    const here = [tree, ...behind, segment].join('/');
    const stat = lstatSync(here, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (!stat.isSymbolicLink()) {
      behind.push(segment);
      continue;
    }
    if (++links > MOST_LINKS) return undefined;
    const target = readlinkSync(here);
    if (target.startsWith('/')) behind.length = 0;
    ahead.unshift(...target.split('/'));
  }
  return [tree, ...behind].join('/');
}
