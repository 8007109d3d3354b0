import { expect, test } from 'vitest';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { inside } from './inside.ts';

test.each([
  ['a path without links', '/usr/share/doc/a/copyright'],
  ['a link that begins at the root', '/usr/share/doc/absolute/copyright'],
  ['a link that goes upwards', '/usr/share/doc/upwards'],
  ['a link that climbs above the root', '/usr/share/doc/above'],
])('%s leads to the file inside the tree', (_, path) => {
  using tree = new SmallTree();
  const file = tree.write('/usr/share/doc/a/copyright', 'words');
  tree.link('/usr/share/doc/absolute', '/usr/share/doc/a');
  tree.link('/usr/share/doc/upwards', '../doc/./a/copyright');
  tree.link('/usr/share/doc/above', '../../../../../../../../usr/share/doc/a/copyright');
  expect(inside(tree.path, path)).toBe(file);
});

test.each([
  ['nothing is there', '/usr/share/nothing'],
  ['a link dangles, though this machine has its target', '/here'],
  ['links run in a circle', '/round'],
])('there is no path where %s', (_, path) => {
  using tree = new SmallTree();
  tree.link('/here', '/etc/passwd');
  tree.link('/round', 'about');
  tree.link('/about', 'round');
  expect(inside(tree.path, path)).toBeUndefined();
});
