import { copyFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256OfFile } from '../hash.ts';
import { shellFor } from '../shell.ts';
import { makeSmallDisk, SMALL_DISK } from './fixtures/small-disk.ts';
import { growDisk } from './grow-disk.ts';
import { gptCopyFaults } from './guid-partition-table.ts';
import { contentHash, readRaw } from './read-raw.ts';

const [SECTOR, MiB] = [512, 2 ** 20];
const LAST = SMALL_DISK - SECTOR;
const shell = shellFor(new AbortController().signal);
const directory = mkdtempSync(join(tmpdir(), 'raw-'));
const path = join(directory, 'disk.raw');
afterAll(() => rmSync(directory, { recursive: true }));

let original: string;
beforeAll(async () => {
  original = await makeSmallDisk(shell, directory);
});
beforeEach(() => copyFileSync(original, path));

async function bytesAt(position: number, length: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  return (await file.read(Buffer.alloc(length), 0, length, position)).buffer;
}

async function write(position: number, bytes: Buffer): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, position);
}

test('partitions are read as sfdisk has written them', async () => {
  const { diskBytes, partitions } = await readRaw(path);
  expect(diskBytes).toBe(SMALL_DISK);
  expect(partitions).toEqual([
    { number: 1, type: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709', start: 10_240, size: 49_152, name: 'root' },
    { number: 14, type: '21686148-6449-6E6F-744E-656564454649', start: 2048, size: 8192, name: '' },
  ]);
});

test.each([
  ['the first header', SECTOR + 60, 'primary GPT header, CRC'],
  ['the signature of the first', SECTOR, 'primary GPT header, signature'],
  ['the second header', LAST + 60, 'backup GPT header, CRC'],
  ['an entry', 2 * SECTOR + 40, 'primary GPT header, CRC of the entries'],
  ['a copy of an entry', LAST - 32 * SECTOR + 40, 'GPT entries: the two copies differ'],
  ['the gap', 100 * SECTOR, 'gap before the first partition'],
  ['the protective MBR', 450, 'protective MBR, partition'],
])('a changed byte of %s is found', async (_what, position, message) => {
  await write(position, Buffer.from([(await bytesAt(position, 1)).readUInt8() ^ 0x55]));
  await expect(readRaw(path)).rejects.toThrow(message);
});

test('partitions that lie over another, or behind the end, are found whatever the checksums say', async () => {
  const entries = await bytesAt(2 * SECTOR, 128 * 128);
  entries.writeBigUInt64LE(5000n, 32);
  entries.writeBigUInt64LE(90_000n, 40);
  for (const header of [SECTOR, LAST]) {
    await write(header === SECTOR ? 2 * SECTOR : LAST - 32 * SECTOR, entries);
    const sector = await bytesAt(header, SECTOR);
    sector.writeUInt32LE(crc32(entries), 88);
    sector.writeUInt32LE(0, 16);
    sector.writeUInt32LE(crc32(sector.subarray(0, 92)), 16);
    await write(header, sector);
  }
  await expect(readRaw(path)).rejects.toThrow(
    /GPT entry 1: sectors 5000 to 90000 are not on the disk\n.*inside of/,
  );
});

test('any changed byte of a header is found', async () => {
  const sector = await bytesAt(SECTOR, SECTOR);
  const entries = await bytesAt(2 * SECTOR, 128 * 128);
  const sectors = SMALL_DISK / SECTOR;
  expect(gptCopyFaults('primary', sector, entries, sectors)).toEqual([]);
  const change = fc.record({ at: fc.nat({ max: 91 }), flip: fc.integer({ min: 1, max: 255 }) });
  fc.assert(
    fc.property(change, ({ at, flip }) => {
      const changed = Buffer.from(sector);
      changed[at] = (changed[at] as number) ^ flip;
      expect(gptCopyFaults('primary', changed, entries, sectors)).not.toEqual([]);
    }),
  );
});

test('a disk that was cut off or made longer without its table is refused, with what to do', async () => {
  truncateSync(path, SMALL_DISK + MiB);
  await expect(readRaw(path)).rejects.toMatchObject({
    message: expect.stringContaining('backup GPT header, signature'),
    remedy: expect.stringContaining('growDisk'),
  });
  truncateSync(path, SMALL_DISK / 2);
  await expect(readRaw(path)).rejects.toThrow('place of the other copy');
  truncateSync(path, 100);
  await expect(readRaw(path)).rejects.toThrow('100 bytes are no disk');
});

test('a grown disk has its second table at the end, nothing where it was, and the same content', async () => {
  const { partitions, diskId } = await readRaw(path);
  const content = await contentHash(path);
  await growDisk(shell, path, SMALL_DISK + 20 * MiB);
  expect(await readRaw(path)).toMatchObject({ diskBytes: SMALL_DISK + 20 * MiB, partitions, diskId });
  expect(await contentHash(path)).toBe(content);
  expect((await bytesAt(SMALL_DISK - 33 * SECTOR, 33 * SECTOR)).every((byte) => byte === 0)).toBe(true);
  expect((await shell`sfdisk --verify ${path}`).stdout).toContain('No errors detected');
});

test('a disk that has the size stays as it is, and none becomes smaller', async () => {
  await growDisk(shell, path, SMALL_DISK);
  expect(await sha256OfFile(path)).toBe(await sha256OfFile(original));
  await expect(growDisk(shell, path, SMALL_DISK - MiB)).rejects.toThrow('cannot become');
});

test('the content is that of the boot code and the partitions', async () => {
  const content = await contentHash(path);
  await write(LAST - 100 * SECTOR, Buffer.from('between'));
  expect(await contentHash(path)).toBe(content);
  await write(0, Buffer.from([(await bytesAt(0, 1)).readUInt8() ^ 1]));
  expect(await contentHash(path)).not.toBe(content);
});

test('where something lies is part of the content, a hole is not told from zeros', async () => {
  const { partitions } = await readRaw(path);
  const start = (partitions[0]?.start ?? 0) * SECTOR;
  const content = await contentHash(path);
  const moved = new Set([content]);
  for (const at of [3, 4]) {
    await write(start + at * MiB, Buffer.from('here'));
    moved.add(await contentHash(path));
    await write(start + at * MiB, Buffer.alloc(4));
  }
  expect(moved.size).toBe(3);
  expect(await contentHash(path)).toBe(content);
});
