import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { $ } from 'zx';
import type { Subject } from './subject.ts';
import { fixedVhd } from './vhd.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vhd-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const seen = () => fixedVhd({ directory } as Subject);

async function make(subformat: string, size: string): Promise<string> {
  const file = join(directory, 'disk.vhd');
  await $({ quiet: true })`qemu-img create -q -f vpc -o subformat=${subformat},force_size=on ${file} ${size}`;
  return file;
}

test('a fixed VHD of whole MiB is one; a small one is too small for an OS disk', async () => {
  await make('fixed', '40M');
  expect(seen().isFixed.faults).toEqual([]);
  expect(seen().hasWholeMebibytes.faults).toEqual([]);
  expect(seen().hasFittingSize.faults).toEqual(['the OS disk has 0.0390625 GiB']);
});

test('one of 30 GiB fits', async () => {
  await make('fixed', '30G');
  expect(seen().hasFittingSize.faults).toEqual([]);
});

test('a growing VHD is refused, so is one that something was appended to', async () => {
  const file = await make('dynamic', '40M');
  expect(seen().isFixed.faults).toContain('disk.vhd is not a fixed VHD');
  appendFileSync(file, 'x'.repeat(512));
  expect(seen().isFixed.faults).toContain("disk.vhd does not end with a VHD's footer");
});

test('without a VHD nothing was looked at', () => {
  expect(seen).toThrow('there is no VHD beside the image');
});
