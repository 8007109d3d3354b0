import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { shellFor } from '../shell.ts';
import { makeSmallDisk, SMALL_DISK } from './fixtures/small-disk.ts';
import { readVhd } from './read-vhd.ts';
import { geometryOf, vhdChecksum, vhdFaults } from './vhd-footer.ts';

const shell = shellFor(new AbortController().signal);
const directory = mkdtempSync(join(tmpdir(), 'vhd-'));
const [original, path] = [join(directory, 'original.vhd'), join(directory, 'disk.vhd')];
afterAll(() => rmSync(directory, { recursive: true }));

let disk: string;
let footer: Buffer;
beforeAll(async () => {
  disk = await makeSmallDisk(shell, directory);
  await shell`qemu-img convert -f raw -O vpc -o subformat=fixed,force_size ${disk} ${original}`;
  footer = (await readFile(original)).subarray(-512);
});
beforeEach(() => copyFileSync(original, path));

/** The footer with other bytes at one place, and a checksum that fits them. */
async function writeFooter(at: number, bytes: number[]): Promise<void> {
  const changed = Buffer.from(footer);
  changed.set(bytes, at);
  changed.writeUInt32BE(vhdChecksum(changed), 64);
  await using file = await open(path, 'r+');
  await file.write(changed, 0, 512, SMALL_DISK);
}

test('a fixed VHD is read with its size and its partitions', async () => {
  const facts = await readVhd(path);
  expect(facts).toMatchObject({
    format: 'vhd',
    diskBytes: SMALL_DISK,
    footer: { type: 2, cookie: 'conectix' },
  });
  expect(facts.partitions.map(({ number }) => number)).toEqual([1, 14]);
});

test.each([
  ['version', 12, [0, 2, 0, 0], 'VHD footer, format version: is 131072'],
  ['second header', 16, [0, 0, 0, 0, 0, 0, 2, 0], 'VHD footer, data offset'],
  ['size', 48, [0, 0, 0, 0, 2, 0, 0, 0], 'VHD footer, current size: the file has'],
  ['size off the MiB', 55, [1], 'is no whole number of MiB'],
  ['geometry', 58, [3], 'VHD footer, geometry'],
  ['type', 63, [4], 'is 4 (differencing) instead of 2 (fixed)'],
  ['saved state', 84, [1], 'VHD footer, saved state'],
])('a wrong %s is found although the checksum fits', async (_what, at, bytes, message) => {
  await writeFooter(at, bytes);
  await expect(readVhd(path)).rejects.toMatchObject({
    message: expect.stringContaining(message),
    remedy: 'make it with qemu-img convert -O vpc -o subformat=fixed,force_size',
  });
});

test('a wrong checksum is found', async () => {
  await using file = await open(path, 'r+');
  await file.write(Buffer.from([1, 2, 3, 4]), 0, 4, SMALL_DISK + 64);
  await expect(readVhd(path)).rejects.toThrow('VHD footer, checksum: is 16909060');
});

test.each([
  ['a growing VHD', 'vpc', 'subformat=dynamic,force_size', 'is 3 (dynamic) instead of 2 (fixed)'],
  ['a VHDX', 'vhdx', 'subformat=fixed', 'is VHDX'],
  ['a VHD rounded to its geometry', 'vpc', 'subformat=fixed', 'is no whole number of MiB'],
  ['a qcow2', 'qcow2', 'compat=1.1', "VHD footer, cookie: is not 'conectix'"],
])('%s is refused', async (_what, format, options, message) => {
  await shell`qemu-img convert -f raw -O ${format} -o ${options} ${disk} ${path}`;
  await expect(readVhd(path)).rejects.toThrow(message);
});

test('a file with something behind the footer, and one that is too short, are refused', async () => {
  appendFileSync(path, Buffer.alloc(512));
  await expect(readVhd(path)).rejects.toThrow('cookie');
  await shell`truncate -s 100 ${path}`;
  await expect(readVhd(path)).rejects.toThrow('it has 100 bytes');
});

test('any changed byte of the footer is found', () => {
  expect(vhdFaults(footer, SMALL_DISK + 512)).toEqual([]);
  const change = fc.record({ at: fc.nat({ max: 511 }), flip: fc.integer({ min: 1, max: 255 }) });
  fc.assert(
    fc.property(change, ({ at, flip }) => {
      const changed = Buffer.from(footer);
      changed[at] = (changed[at] as number) ^ flip;
      expect(vhdFaults(changed, SMALL_DISK + 512)).not.toEqual([]);
    }),
  );
});

test.each([40, 511, 2049, 30_720])(
  'the geometry of %i MiB is what qemu-img takes it for',
  async (mebibytes) => {
    const file = join(directory, 'geometry.vhd');
    await shell`qemu-img create -q -f vpc -o subformat=fixed ${file} ${mebibytes}M`;
    await using opened = await open(file, 'r');
    const { size } = await opened.stat();
    const { buffer } = await opened.read(Buffer.alloc(512), 0, 512, size - 512);
    const { cylinders, heads, sectors } = geometryOf(Number(buffer.readBigUInt64BE(48)));
    expect([cylinders, heads, sectors]).toEqual([buffer.readUInt16BE(56), buffer[58], buffer[59]]);
  },
);
