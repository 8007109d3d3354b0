import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../packer/index.ts';

/** Where the newest build is. */
const latest = fileURLToPath(new URL('../../build/latest', import.meta.url));
const work = fileURLToPath(new URL('../../build/work', import.meta.url));

/** The disk of the newest image. Throws Failure when none has been made. */
export function newestImage(): string {
  const directory = existsSync(latest) ? realpathSync(latest) : undefined;
  const disk = directory && readdirSync(directory).find((name) => name.endsWith('.qcow2'));
  if (directory === undefined || disk === undefined) {
    throw new Failure('there is no image to boot', "make one first: 'make image'");
  }
  return join(directory, disk);
}

/** The root file system of the newest image, as it was sealed: `make image` leaves it until its next run. */
export function sealedTree(): string {
  const [made] = existsSync(work) ? readdirSync(work) : [];
  if (made === undefined) throw new Failure('there is no tree of an image', "make one first: 'make image'");
  return join(work, made, 'tree');
}
