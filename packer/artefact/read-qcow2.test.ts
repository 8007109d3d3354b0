import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { shellFor } from '../shell.ts';
import { parseQcow2Header, qcow2Faults } from './qcow2-header.ts';
import { readGzippedQcow2, readQcow2 } from './read-qcow2.ts';

const MiB = 2 ** 20;
const shell = shellFor(new AbortController().signal);
const directory = mkdtempSync(join(tmpdir(), 'qcow2-'));
const [raw, original, path] = ['raw', 'original.qcow2', 'disk.qcow2'].map((name) =>
  join(directory, name),
) as [string, string, string];
afterAll(() => rmSync(directory, { recursive: true }));

beforeAll(async () => {
  writeFileSync(raw, Buffer.alloc(8 * MiB, 'a disk '));
  await shell`qemu-img convert -f raw -O qcow2 -c -o compression_type=zstd ${raw} ${original}`;
});
beforeEach(() => copyFileSync(original, path));

function write(at: number, bytes: number[]): void {
  const all = readFileSync(path);
  all.set(bytes, at);
  writeFileSync(path, all);
}

test('a zstd qcow2 is read as qemu-img has written it', async () => {
  expect(await readQcow2(path, 'zstd')).toMatchObject({
    format: 'qcow2',
    diskBytes: 8 * MiB,
    version: 3,
    compression: 'zstd',
  });
});

test.each([
  ['a zlib one', ['-O', 'qcow2', '-c'], 'compression type: is zlib instead of zstd'],
  ['an old version', ['-O', 'qcow2', '-o', 'compat=0.10'], 'version: is 2 instead of 3'],
  [
    'data in another file',
    ['-O', 'qcow2', '-o', `data_file=${directory}/data`],
    'keeps its data in another file',
  ],
  ['a raw disk', ['-O', 'raw'], "magic: is not 'QFI'"],
])('%s is refused', async (_what, options, message) => {
  await shell`qemu-img convert -f raw ${options} ${raw} ${path}`;
  await expect(readQcow2(path, 'zstd')).rejects.toMatchObject({
    message: expect.stringContaining(message),
    remedy: 'make it from the raw disk with qemu-img convert -O qcow2',
  });
});

test('a disk that is the difference to another, and one with a snapshot, are refused', async () => {
  rmSync(path);
  await shell`qemu-img create -q -f qcow2 -F qcow2 -b ${original} ${path}`;
  await expect(readQcow2(path, 'zlib')).rejects.toThrow('backing file: the disk is only the difference');
  copyFileSync(original, path);
  await shell`qemu-img snapshot -c before ${path}`;
  await expect(readQcow2(path, 'zstd')).rejects.toThrow('snapshots: there are 1');
});

test.each([
  ['encryption', 35, [1], 'encryption method: is 1'],
  ['a dirty bit', 79, [9], 'the disk was not closed'],
  ['a corrupt bit', 79, [10], 'the disk is corrupt'],
  ['an unknown feature', 78, [4], 'incompatible features: 0x400 is not known'],
  ['cluster bits', 23, [40], 'cluster bits: are 40'],
  ['a compression without its mark', 79, [0], 'compression type'],
  ['a compression nobody knows', 104, [7], 'compression type: is unknown'],
  ['no size', 24, [0, 0, 0, 0, 0, 0, 0, 0], 'size: is 0'],
  ['an L1 table behind the end', 41, [1], 'L1 table: ends at'],
  ['a refcount table behind the end', 49, [1], 'refcount table: begins at'],
])('a header with %s is refused', async (_what, at, bytes, message) => {
  write(at, bytes);
  await expect(readQcow2(path, 'zstd')).rejects.toThrow(message);
});

test('a file without the whole of a header is refused', async () => {
  truncateSync(path, 60);
  await expect(readQcow2(path, 'zstd')).rejects.toThrow('it has 60 bytes');
});

test('one inside a gzip file is read to its end, behind which nothing may be', async () => {
  await shell`qemu-img convert -f raw -O qcow2 ${raw} ${path}`;
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  expect(await readGzippedQcow2(`${path}.gz`)).toMatchObject({
    diskBytes: 8 * MiB,
    fileBytes: readFileSync(path).length,
  });
  appendFileSync(`${path}.gz`, Buffer.alloc(3));
  await expect(readGzippedQcow2(`${path}.gz`)).rejects.toThrow('something follows its end');
});

test.each([
  ['cut off', () => truncateSync(`${path}.gz`, 500), 'unexpected end of file'],
  ['with a zstd disk in it', () => {}, 'compression type: is zstd instead of zlib'],
  ['with nothing in it', () => writeFileSync(`${path}.gz`, gzipSync('')), 'magic'],
])('a gzip file %s is refused', async (_what, spoil, message) => {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  spoil();
  await expect(readGzippedQcow2(`${path}.gz`)).rejects.toThrow(message);
});

test('whatever is in the fields that say where and how much, parsing gives it back and judging does not throw', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 63n }),
      fc.uint8Array({ minLength: 112, maxLength: 112 }),
      (size, noise) => {
        const header = Buffer.from(noise);
        header.writeBigUInt64BE(size, 24);
        expect(parseQcow2Header(header).diskBytes).toBe(size);
        expect(qcow2Faults(header, 1, 'zstd').length).toBeGreaterThan(0);
      },
    ),
  );
});
