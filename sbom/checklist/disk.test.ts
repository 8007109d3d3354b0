import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { diskRows } from './disk.ts';
import type { Subject } from './subject.ts';

const KIB = 1024;
const GIB = 2 ** 30;
const directory = mkdtempSync(join(tmpdir(), 'artefact-'));
afterAll(() => rmSync(directory, { recursive: true }));

function judged(diskBytes: number) {
  const subject = { directory, manifest: { image: { file: 'disk.vhd', diskBytes } } } as unknown as Subject;
  return diskRows['DSK-11']?.evidence?.(subject);
}

test('an artefact is as large as what is stored of it: empty parts of a disk of full size do not count', () => {
  writeFileSync(join(directory, 'disk.vhd'), Buffer.alloc(40 * KIB, 1));
  truncateSync(join(directory, 'disk.vhd'), 30 * GIB);
  expect(judged(30 * GIB)).toMatchObject({ faults: [] });
});

test('one of which more is stored than half of its disk is too large', () => {
  writeFileSync(join(directory, 'disk.vhd'), Buffer.alloc(40 * KIB, 1));
  expect(judged(64 * KIB)).toMatchObject({ faults: [expect.stringContaining('the artefact has')] });
});
