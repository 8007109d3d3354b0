import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installedPackages, rehearsalReasons } from './manifest.ts';
import { rehearsedBy } from './scan-image.ts';

const clean = { base: { name: 'ubuntu-24.04', rehearsal: false }, commit: 'a'.repeat(40), scans: [] };

test('packages are those that are installed, by name; removed ones with settings left are not', () => {
  const tree = mkdtempSync(join(tmpdir(), 'tree-'));
  mkdirSync(join(tree, 'var/lib/dpkg'), { recursive: true });
  const paragraph = (name: string, status: string) =>
    `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: 1-2\nDescription: x\n long text\n`;
  writeFileSync(
    join(tree, 'var/lib/dpkg/status'),
    [
      paragraph('zstd', 'install ok installed'),
      paragraph('gone', 'deinstall ok config-files'),
      paragraph('acl', 'hold ok installed'),
    ].join('\n'),
  );
  expect(installedPackages(tree)).toEqual([
    { name: 'acl', version: '1-2', architecture: 'amd64' },
    { name: 'zstd', version: '1-2', architecture: 'amd64' },
  ]);
  rmSync(tree, { recursive: true });
});

test('an image of the base that ships, from a commit, is no rehearsal', () => {
  expect(rehearsalReasons(clean)).toEqual([]);
});

test.each([
  ['uncommitted work', { ...clean, commit: `${clean.commit}-dirty` }, 'from a commit'],
  [
    'the mirror of the build host',
    { ...clean, base: { name: 'debian-13', rehearsal: true } },
    "the build host's",
  ],
  [
    'a stand-in',
    { ...clean, base: { name: 'debian-13', rehearsal: false, insteadOf: 'ubuntu-24.04' } },
    'stands in for ubuntu-24.04',
  ],
  [
    'a scan that knew nothing of the world',
    { ...clean, scans: rehearsedBy('cve', { rehearsal: true }) },
    "the scan 'cve' knew only",
  ],
])('%s makes it a rehearsal', (_, facts, reason) => {
  expect(rehearsalReasons(facts)).toEqual([expect.stringContaining(reason)]);
});

test('a scan that knew the world makes no rehearsal, and one that did not run is told by its check', () => {
  expect(rehearsedBy('cve', { rehearsal: false })).toEqual([]);
  expect(rehearsedBy('malware', undefined)).toEqual([]);
});
