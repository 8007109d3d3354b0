import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256, sha256OfFile, sha256OfTree } from './hash.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hash-'));
  mkdirSync(join(directory, 'sub'));
  writeFileSync(join(directory, 'sub/a'), 'one', { mode: 0o644 });
});

afterEach(() => rmSync(directory, { recursive: true }));

test('a file has the hash of its content', async () => {
  expect(await sha256OfFile(join(directory, 'sub/a'))).toBe(sha256('one'));
});

test('the time of a file does not change the hash of its tree', () => {
  const before = sha256OfTree(directory);
  utimesSync(join(directory, 'sub/a'), 1, 1);
  expect(sha256OfTree(directory)).toBe(before);
});

test.each([
  ['another content', () => writeFileSync(join(directory, 'sub/a'), 'two')],
  ['the executable bit', () => chmodSync(join(directory, 'sub/a'), 0o755)],
  ['a new file', () => writeFileSync(join(directory, 'b'), '')],
  ['a new link', () => symlinkSync('sub/a', join(directory, 'link'))],
])('%s changes the hash of a tree', (_, change) => {
  const before = sha256OfTree(directory);
  change();
  expect(sha256OfTree(directory)).not.toBe(before);
});
