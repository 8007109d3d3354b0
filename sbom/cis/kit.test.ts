import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sourcesOf } from './kit.ts';

function treeWith(sources?: string): string {
  const tree = mkdtempSync(join(tmpdir(), 'tree-'));
  mkdirSync(`${tree}/etc/apt/sources.list.d`, { recursive: true });
  if (sources !== undefined) writeFileSync(`${tree}/etc/apt/sources.list.d/system.sources`, sources);
  return tree;
}

test("the scanner comes from the machine's own archives, by its own keyring", () => {
  const tree = treeWith(
    'Types: deb\nURIs: http://mirror.example/debian\nSigned-By: /usr/share/keyrings/a.gpg\n',
  );
  expect(sourcesOf(tree)).toBe(
    `Types: deb\nURIs: http://mirror.example/debian\nSigned-By: ${tree}/usr/share/keyrings/a.gpg\n`,
  );
});

test('a tree without sources is refused', () => {
  expect(() => sourcesOf(treeWith())).toThrow('no .sources file');
});
