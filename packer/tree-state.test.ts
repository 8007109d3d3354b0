import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assertSameTree, type TreeState, treeState } from './tree-state.ts';

const REPORT = '/etc/vendor/report.html';
let tree: string;
let before: TreeState;

const at = (path: string): string => join(tree, path);

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'state-'));
  mkdirSync(at('/etc'));
  writeFileSync(at('/etc/passwd'), 'root');
  symlinkSync('passwd', at('/etc/link'));
  before = treeState(tree);
});
afterEach(() => rmSync(tree, { recursive: true }));

const compare = () => assertSameTree(before, treeState(tree), [REPORT]);

test('a report and the directory that came with it may be new', () => {
  mkdirSync(at('/etc/vendor'));
  writeFileSync(at(REPORT), 'report');
  expect(compare).not.toThrow();
});

const changes: readonly [string, () => void, string][] = [
  ['a new file', () => writeFileSync(at('/etc/shadow'), ''), '/etc/shadow'],
  ['a file that is gone', () => rmSync(at('/etc/passwd')), '/etc/passwd'],
  ['a mode', () => chmodSync(at('/etc/passwd'), 0o666), '/etc/passwd'],
  ['a mode of a directory', () => chmodSync(at('/etc'), 0o777), '/etc'],
  ['a second name', () => linkSync(at('/etc/passwd'), at('/etc/other')), '/etc/other'],
  ['another name', () => renameSync(at('/etc/passwd'), at('/etc/moved')), '/etc/moved'],
];

test.each(changes)('%s is named', (_what, change, path) => {
  change();
  expect(compare).toThrow(path);
});

test('content of the same length is noticed even when its time was set back', () => {
  const then = new Date(0);
  utimesSync(at('/etc/passwd'), then, then);
  before = treeState(tree);
  writeFileSync(at('/etc/passwd'), 'evil');
  utimesSync(at('/etc/passwd'), then, then);
  expect(compare).toThrow(/reports:\n\/etc\/passwd$/);
});
