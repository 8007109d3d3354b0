import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { write } from '../../tests/harness/scanned-tree.ts';
import { filesBelow, ownFiles } from './own-files.ts';

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'own-files-'));
  const digest = createHash('md5').update('as it came').digest('hex');
  for (const name of ['kept', 'changed']) write(tree, `/usr/bin/${name}`, 'as it came');
  write(tree, '/var/lib/dpkg/info/a.md5sums', `${digest}  usr/bin/kept\n${digest}  usr/bin/changed\n`);
});
afterEach(() => rmSync(tree, { recursive: true }));

test("a package's file is its own until a byte of it changes; what no package brought is ours", async () => {
  write(tree, '/usr/bin/changed', 'as it comes');
  write(tree, '/etc/app.conf', 'as it came');
  expect((await ownFiles(tree)).sort()).toEqual([
    '/etc/app.conf',
    '/usr/bin/changed',
    '/var/lib/dpkg/info/a.md5sums',
  ]);
});

test('links are not followed: each file is listed once, and nothing outside of the tree', () => {
  symlinkSync('usr/bin', join(tree, 'bin'));
  symlinkSync('/etc', join(tree, 'outside'));
  symlinkSync('kept', join(tree, 'usr/bin/link'));
  expect(filesBelow(tree).sort()).toEqual([
    '/usr/bin/changed',
    '/usr/bin/kept',
    '/var/lib/dpkg/info/a.md5sums',
  ]);
});
