import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { $ } from 'zx';
import { SECTOR } from './layout.ts';
import { assertNothingElse } from './nothing-else.ts';
import { putFiles } from './put-files.ts';

const shell = $({ quiet: true });
const START = 2048;
const REPORT = '/etc/vendor/report.html';
const NEW = '/usr/share/vendor/key.pem';
let directory: string;
let before: string;
let after: string;

function put(tree: string, path: string, content: string): void {
  const file = join(directory, tree, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o644);
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'else-'));
  before = join(directory, 'before.raw');
  after = join(directory, 'after.raw');
  put('sealed', REPORT, 'old');
  put('sealed', '/etc/vendor/sbom.json', '{}');
  put('sealed', '/etc/passwd', 'root');
  put('sealed', '/opt/program', 'x'.repeat(300_000));
  await shell`truncate -s 24M ${before}`;
  const table = `label: gpt\nstart=${START}, size=40000, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709\n`;
  await shell({ input: table })`sfdisk --quiet ${before}`;
  const options = ['-q', '-b', '4096', '-t', 'ext4', '-F', '-E', `offset=${START * SECTOR}`];
  await shell`mke2fs ${options} -d ${join(directory, 'sealed')} ${before} 20000k`;
  copyFileSync(before, after);
  put('reports', REPORT, 'new'.repeat(5000));
  put('reports', NEW, 'key');
  await putFiles(shell, after, {
    tree: join(directory, 'reports'),
    paths: [REPORT, NEW],
    work: join(directory, 'work'),
  });
});
afterEach(() => rmSync(directory, { recursive: true }));

const compare = () => assertNothingElse(shell, { before, after }, [REPORT, NEW]);
const order = (text: string) => shell`debugfs -w -R ${text} ${`${after}?offset=${START * SECTOR}`}`;

test('reports that were put, and the directories that came with them, are all that differs', async () => {
  await expect(compare()).resolves.toBeUndefined();
});

test('a report that nobody announced is named', async () => {
  await expect(assertNothingElse(shell, { before, after }, [REPORT])).rejects.toThrow(
    `more than its reports:\n${NEW}`,
  );
});

test.each([
  ['a mode', 'set_inode_field /etc/passwd mode 0100666', '/etc/passwd'],
  ['an owner', 'set_inode_field /etc/passwd uid 1000', '/etc/passwd'],
  ['an extended attribute', 'ea_set /etc/passwd user.note x', '/etc/passwd'],
  ['the mode of the directory of a report', 'set_inode_field /etc/vendor mode 040777', '/etc/vendor'],
  ['the mode of the root', 'set_inode_field / mode 040777', '/'],
  ['a file that is gone', 'rm /etc/vendor/sbom.json', '/etc/vendor/sbom.json'],
  ['a second name of a report', 'ln /etc/vendor/report.html /etc/report.html', '/etc/report.html'],
  ['a link beside a report', 'symlink /etc/vendor/evil /etc/passwd', '/etc/vendor/evil'],
  ['an empty directory', 'mkdir /srv', '/srv'],
  ['a device', 'mknod /opt/null c 1 3', '/opt/null'],
])('%s that changed besides is named', async (_what, change, path) => {
  await order(change);
  const failure = await compare().catch((error: Error) => error.message.split('\n').slice(1));
  expect(failure).toContain(path);
});

test('bytes of a file that changed in place, with no word in the file system, are found', async () => {
  const disk = readFileSync(after);
  disk.write('X', disk.indexOf('x'.repeat(5000)) + 100);
  writeFileSync(after, disk);
  await expect(compare()).rejects.toThrow(/reports:\n\/opt\/program$/);
});

test('bytes outside of the root file system are found', async () => {
  const disk = readFileSync(after);
  disk.write('X', 40 * SECTOR);
  writeFileSync(after, disk);
  await expect(compare()).rejects.toThrow('outside of its root file system');
});
