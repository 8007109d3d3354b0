import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listedHash, recordHash } from './official-image.ts';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('the hash of a file is found in the list, in text and in binary form', () => {
  expect(listedHash(`${a} *one.img\n${b}  two.img\n`, 'one.img')).toBe(a);
  expect(listedHash(`${a} *one.img\n${b}  two.img\n`, 'two.img')).toBe(b);
});

test.each([
  ['is not in the list', `${a} *other.img\n`],
  ['is there twice', `${a} *one.img\n${b} *one.img\n`],
  ['only ends alike', `${a} *not-one.img\n`],
])('a file that %s is refused', (_, sums) => {
  expect(() => listedHash(sums, 'one.img')).toThrow('not once');
});

test('the first hash is recorded and every later one must be the same', () => {
  const lock = join(directory, 'base.sha256');
  recordHash(lock, a);
  recordHash(lock, a);
  expect(readFileSync(lock, 'utf8')).toBe(`${a}\n`);
  expect(() => recordHash(lock, b)).toThrow(`the recorded hash is ${a}, the image now has ${b}`);
});
