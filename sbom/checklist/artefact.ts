import { basename, join } from 'node:path';
import { Failure, formatOf } from '../../packer/index.ts';
import { type Finding, finding } from './look.ts';
import type { Subject } from './subject.ts';

const GiB = 2 ** 30;

/** Reads the bytes of the artefact as the cloud of the target wants them; the first thing that is not so is the fault. */
export async function artefact({ directory, manifest, target }: Subject): Promise<Finding> {
  const name = basename(manifest.image.file);
  try {
    const { format, diskBytes } = await formatOf(target).read(join(directory, name));
    return finding(`${name}: ${format} with a disk of ${diskBytes} bytes`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return finding(name, error.message);
  }
}

/** Whether the cloud takes a disk of this size. */
export function artefactSize({ manifest, target }: Subject): Finding {
  const { diskBytes } = manifest.image;
  const { atLeast, atMost } = formatOf(target).size;
  const fits = diskBytes >= atLeast && diskBytes <= atMost;
  const bounds = `${atLeast / GiB} to ${atMost / GiB} GiB`;
  return finding(
    `${diskBytes / GiB} GiB`,
    fits ? [] : `the disk has ${diskBytes / GiB} GiB instead of ${bounds}`,
  );
}
