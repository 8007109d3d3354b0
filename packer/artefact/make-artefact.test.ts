import { copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFacts } from '../../appliance/index.ts';
import { sha256OfFile } from '../hash.ts';
import { shellFor } from '../shell.ts';
import { makeSmallDisk, SMALL_DISK } from './fixtures/small-disk.ts';
import { formats } from './formats.ts';
import { formatOf, makeArtefact, sizeFor, verifyArtefact } from './make-artefact.ts';
import { contentHash } from './read-raw.ts';

const GiB = 2 ** 30;
const shell = shellFor(new AbortController().signal);
const directory = mkdtempSync(join(tmpdir(), 'artefact-'));
afterAll(() => rmSync(directory, { recursive: true }));

let disk: string;
let before: string;
beforeAll(async () => {
  // As a bake calls it, and Google the one in its archive.
  disk = join(directory, 'disk.raw');
  renameSync(await makeSmallDisk(shell, directory), disk);
  before = await sha256OfFile(disk);
});

test.each([
  ['qemu', 'image.qcow2', SMALL_DISK],
  ['azure', 'image.vhd', 30 * GiB],
  ['aws', 'image.raw', GiB],
  ['gcp', 'image.tar.gz', GiB],
  ['digitalocean', 'image.qcow2.gz', SMALL_DISK],
])(
  '%s gets %s with the same content as the disk it was made from, which stays as it was',
  async (target, file, size) => {
    const artefact = await makeArtefact(shell, disk, { target, name: 'image', directory });
    expect(artefact.path).toBe(join(directory, file));
    expect(artefact.facts.diskBytes).toBe(size);
    expect(artefact.content).toBe(await contentHash(disk));
    expect(artefact.bytes).toBe(statSync(artefact.path).size);
    expect(await sha256OfFile(disk)).toBe(before);
    expect(readdirSync(directory).filter((name) => /grown|restored/.test(name))).toEqual([]);
    // Zeros take no room on the build host.
    expect(statSync(artefact.path).blocks * 512).toBeLessThan(SMALL_DISK);
  },
);

test.each(['gcp', 'digitalocean'])('the same disk gives the same bytes for %s', async (target) => {
  const { path } = await makeArtefact(shell, disk, { target, name: 'once', directory });
  const { path: again } = await makeArtefact(shell, disk, { target, name: 'again', directory });
  expect(await sha256OfFile(again)).toBe(await sha256OfFile(path));
});

test('an artefact whose disk was changed has another content', async () => {
  const { path, content } = await makeArtefact(shell, disk, { target: 'aws', name: 'changed', directory });
  {
    await using file = await open(path, 'r+');
    await file.write(Buffer.from('x'), 0, 1, 20 * 2 ** 20);
  }
  expect((await verifyArtefact(shell, path, { target: 'aws', work: directory })).content).not.toBe(content);
});

test('an artefact of the wrong size is refused', async () => {
  const path = join(directory, 'unfit.raw');
  copyFileSync(disk, path);
  await expect(verifyArtefact(shell, path, { target: 'aws', work: directory })).rejects.toMatchObject({
    message: expect.stringContaining(`disk size: ${SMALL_DISK} bytes are not what aws takes`),
    remedy: 'make it anew with make image TARGET=aws',
  });
});

test('a name that a cloud would stumble over is refused', async () => {
  const making = makeArtefact(shell, disk, { target: 'azure', name: 'image 100%', directory });
  await expect(making).rejects.toMatchObject({ remedy: expect.stringContaining('small letters') });
});

test('a program that fails is named with what it said', async () => {
  const making = makeArtefact(shell, disk, {
    target: 'qemu',
    name: 'lost',
    directory: join(directory, 'nowhere'),
  });
  await expect(making).rejects.toMatchObject({
    name: 'Failure',
    message: expect.stringContaining('nowhere'),
  });
});

test('every target of the facts has a format, and an unknown one is refused', () => {
  for (const target of Object.keys(readFacts().targets)) expect(formatOf(target)).toBeDefined();
  expect(() => formatOf('toString')).toThrow("no artefact is made for 'toString'");
});

test('the disk of the facts fits every cloud', () => {
  const bytes = readFacts().image.diskGiB * GiB;
  const sizes = Object.values(formats).map(({ size }) => sizeFor(size, bytes) / GiB);
  expect(sizes).toEqual([8, 30, 8, 8, 8]);
});

test('a disk above what a cloud takes is refused', () => {
  expect(() => sizeFor(formats.azure.size, 50 * GiB + 1)).toThrow('too large');
  expect(() => sizeFor(formats.digitalocean.size, 100e9)).toThrow('too large');
  expect(sizeFor(formats.gcp.size, 8 * GiB + 512)).toBe(9 * GiB);
});
