import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { allPieces, dataExtents, readPiece } from './extents.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'extents-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('pieces of zeros are left out, a short last piece is not', async () => {
  const path = join(directory, 'file');
  const data = randomBytes(100);
  const whole = Buffer.concat([Buffer.alloc(100), data, Buffer.alloc(150), Buffer.from('end')]);
  writeFileSync(path, whole);
  const extents = await dataExtents(path, 100);
  expect(extents).toEqual([
    { index: 1, offset: 100, length: 100, sha256: createHash('sha256').update(data).digest('base64') },
    expect.objectContaining({ index: 3, offset: 300, length: 53 }),
  ]);
  expect(await readPiece(path, { index: 1, offset: 100, length: 100 })).toEqual(data);
});

test('all pieces cover a file, and none goes beyond', () => {
  expect(allPieces(250, 100).map(({ offset, length }) => [offset, length])).toEqual([
    [0, 100],
    [100, 100],
    [200, 50],
  ]);
});
