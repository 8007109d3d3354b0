import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from './hash.ts';
import type { Manifest } from './manifest.ts';
import { writeOutput } from './output.ts';

const manifest = { name: 'image', version: '1', image: { sha256: sha256('disk') } } as Manifest;
let build: string;

function files(text: string): [string, string] {
  const [image, log] = [join(build, 'image.qcow2'), join(build, 'serial.log')];
  writeFileSync(image, text);
  writeFileSync(log, 'boot');
  return [image, log];
}

beforeEach(() => {
  build = mkdtempSync(join(tmpdir(), 'build-'));
});
afterEach(() => rmSync(build, { recursive: true }));

test('image, logs, manifest and checksums lie together, and latest points there', async () => {
  const directory = await writeOutput('name', manifest, files('disk'), build);
  expect(readdirSync(directory).sort()).toEqual(['SHA256SUMS', 'image.qcow2', 'manifest.json', 'serial.log']);
  expect(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'))).toEqual(manifest);
  expect(readFileSync(join(directory, 'SHA256SUMS'), 'utf8')).toContain(`${sha256('disk')}  image.qcow2\n`);
  expect(readlinkSync(join(build, 'latest'))).toBe('name');
});

test('evidence comes as a directory', async () => {
  const evidence = join(build, 'evidence');
  mkdirSync(evidence);
  writeFileSync(join(evidence, 'index.html'), 'page');
  const directory = await writeOutput('name', manifest, [...files('disk'), evidence], build);
  expect(readFileSync(join(directory, 'evidence/index.html'), 'utf8')).toBe('page');
});

test('a second image takes the place of the first as a whole', async () => {
  await writeOutput('name', manifest, files('first'), build);
  const directory = await writeOutput('name', manifest, files('second'), build);
  expect(readFileSync(join(directory, 'image.qcow2'), 'utf8')).toBe('second');
  expect(existsSync(`${directory}.old`)).toBe(false);
});

test('a run that fails half way leaves the earlier image as it was', async () => {
  const directory = await writeOutput('name', manifest, files('first'), build);
  const [image] = files('second');
  await expect(writeOutput('name', manifest, [image, join(build, 'no-such.log')], build)).rejects.toThrow(
    'ENOENT',
  );
  expect(readFileSync(join(directory, 'image.qcow2'), 'utf8')).toBe('first');
});
