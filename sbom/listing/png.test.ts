import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { places } from '../../packer/index.ts';
import { LOGO_SIZES, logoDirectory, readLogos } from './logos.ts';
import { readPng, withSource } from './png.ts';

const picture = readFileSync(`${logoDirectory(places.root)}/logo-90.png`);

test('the logo is there in each size that is asked for, made from its drawing', () => {
  const edges = readLogos().map(({ edge }) => edge);
  expect(edges.sort((one, other) => one - other)).toEqual([...LOGO_SIZES]);
});

test('a picture says its size, and what it was made from', () => {
  expect(readPng(picture)).toEqual({
    width: 90,
    height: 90,
    source: expect.stringMatching(/^logo\.svg sha256:[0-9a-f]{64}$/),
  });
});

test('a source that was added is read again, beside the same size', () => {
  expect(readPng(withSource(onePixel(), 'a drawing'))).toEqual({ width: 1, height: 1, source: 'a drawing' });
});

test('a picture that says nothing has no source', () => {
  expect(readPng(onePixel())).toEqual({ width: 1, height: 1 });
});

test.each<[string, (png: Buffer) => Buffer, string]>([
  ['text', () => Buffer.from('<svg/>'), 'it begins otherwise'],
  [
    'a picture that was cut off',
    (png) => png.subarray(0, png.length - 20),
    'it ends in the middle of a chunk',
  ],
  ['a picture without its end', (png) => png.subarray(0, png.length - 12), 'it has no end'],
  ['a picture with a changed width', (png) => changed(png, 19), 'the sum of its chunk IHDR is wrong'],
])('%s is refused', (_what, change, message) => {
  expect(() => readPng(change(picture))).toThrow(message);
});

function changed(png: Buffer, at: number): Buffer {
  const copy = Buffer.from(png);
  copy[at] = 91;
  return copy;
}

/** The smallest PNG there is, written by another program. */
function onePixel(): Buffer {
  return Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
    'base64',
  );
}
