import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { $ } from 'zx';
import { SECTOR } from './layout.ts';
import { putFiles } from './put-files.ts';

const shell = $({ quiet: true });
const START = 2048;
let directory: string;
let disk: string;
let device: string;

function put(tree: string, path: string, content: string, mode = 0o644): void {
  const file = join(directory, tree, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'put-'));
  disk = join(directory, 'disk.raw');
  device = `${disk}?offset=${START * SECTOR}`;
  put('before', '/etc/vendor/sbom.json', 'old');
  put('before', '/etc/passwd', 'root');
  await shell`truncate -s 24M ${disk}`;
  const table = `label: gpt\nstart=${START}, size=40000, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709\n`;
  await shell({ input: table })`sfdisk --quiet ${disk}`;
  await shell`mke2fs -q -t ext4 -F -d ${join(directory, 'before')} -E offset=${START * SECTOR} ${disk} 20000k`;
});
afterEach(() => rmSync(directory, { recursive: true }));

const read = async (path: string) => (await shell`debugfs -R ${`cat ${path}`} ${device}`).stdout;
const options = (...paths: string[]) => ({
  tree: join(directory, 'now'),
  paths,
  work: join(directory, 'work'),
});

test('files come to lie on the disk, new and in place of old ones; all else stays', async () => {
  put('now', '/etc/vendor/sbom.json', 'new');
  put('now', '/usr/share/doc/vendor/report.html', '<title>report</title>', 0o640);
  await putFiles(shell, disk, options('/etc/vendor/sbom.json', '/usr/share/doc/vendor/report.html'));
  expect(await read('/etc/vendor/sbom.json')).toBe('new');
  expect(await read('/usr/share/doc/vendor/report.html')).toBe('<title>report</title>');
  expect(await read('/etc/passwd')).toBe('root');
  const stat = (await shell`debugfs -R ${'stat /usr/share/doc/vendor/report.html'} ${device}`).stdout;
  expect(stat).toMatch(/Mode: {2}0640/);
  expect(stat).toMatch(/User: {5}0 {3}Group: {5}0/);
});

test('a file that does not fit is noticed', async () => {
  put('now', '/etc/big', 'x'.repeat(30 * 2 ** 20));
  await expect(putFiles(shell, disk, options('/etc/big'))).rejects.toThrow('/etc/big did not arrive');
});
