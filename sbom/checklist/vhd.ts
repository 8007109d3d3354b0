import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, finding, NotRun } from './look.ts';
import type { Subject } from './subject.ts';

const FOOTER = 512;
const MiB = 2 ** 20;
const GiB = 2 ** 30;
const FIXED = 2;

/** Looks at the footer of the VHD beside the image. Throws NotRun when there is none. */
export function fixedVhd({
  directory,
}: Subject): Record<'isFixed' | 'hasWholeMebibytes' | 'hasFittingSize', Finding> {
  const name = readdirSync(directory).find((file) => file.endsWith('.vhd'));
  if (name === undefined) throw new NotRun('there is no VHD beside the image: this version makes none');
  const file = join(directory, name);
  const bytes = statSync(file).size;
  const footer = readFooter(file, bytes);
  const virtual = Number(footer.readBigUInt64BE(48));
  return {
    isFixed: finding(
      name,
      footer.toString('latin1', 0, 8) === 'conectix' ? [] : `${name} does not end with a VHD's footer`,
      footer.readUInt32BE(60) === FIXED ? [] : `${name} is not a fixed VHD`,
      footer.readUInt32BE(64) === checksumOf(footer) ? [] : `the checksum of ${name} is wrong`,
    ),
    hasWholeMebibytes: finding(
      `${virtual} bytes`,
      virtual % MiB === 0 ? [] : `the virtual size ${virtual} is no whole number of MiB`,
      bytes === virtual + FOOTER ? [] : `${name} has ${bytes} bytes instead of ${virtual + FOOTER}`,
    ),
    hasFittingSize: finding(
      `${virtual / GiB} GiB`,
      virtual >= 30 * GiB && virtual <= 50 * GiB ? [] : `the OS disk has ${virtual / GiB} GiB`,
    ),
  };
}

function readFooter(file: string, bytes: number): Buffer {
  const footer = Buffer.alloc(FOOTER);
  const handle = openSync(file, 'r');
  try {
    if (readSync(handle, footer, 0, FOOTER, bytes - FOOTER) !== FOOTER)
      throw new NotRun(`${file} is too short`);
  } finally {
    closeSync(handle);
  }
  return footer;
}

/** One's complement of the sum of all bytes but the checksum's own. */
function checksumOf(footer: Buffer): number {
  const sum = footer.reduce((total, byte, index) => (index >= 64 && index < 68 ? total : total + byte), 0);
  return ~sum >>> 0;
}
