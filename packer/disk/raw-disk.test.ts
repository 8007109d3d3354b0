import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { shellFor } from '../shell.ts';
import { rawDisk } from './raw-disk.ts';

const shell = shellFor(new AbortController().signal);
const directory = mkdtempSync(`${tmpdir()}/raw-disk-`);
afterAll(() => rmSync(directory, { recursive: true }));

const content = Buffer.alloc(65_536, 'a disk ');

test('a qcow2 disk becomes a raw one with the same content, and is gone', async () => {
  writeFileSync(`${directory}/original`, content);
  const path = `${directory}/disk.qcow2`;
  await shell`qemu-img convert -f raw -O qcow2 ${directory}/original ${path}`;
  const raw = await rawDisk(shell, { path, format: 'qcow2', tree: '/tree' });
  expect(raw).toEqual({ path: `${path}.raw`, format: 'raw', tree: '/tree' });
  expect(readFileSync(raw.path)).toEqual(content);
  expect(existsSync(path)).toBe(false);
});

test('a raw disk stays as it is', async () => {
  const disk = { path: `${directory}/original`, format: 'raw', tree: '/tree' } as const;
  expect(await rawDisk(shell, disk)).toBe(disk);
  expect(existsSync(disk.path)).toBe(true);
});
