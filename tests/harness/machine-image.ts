import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../packer/index.ts';

/** Where the newest build is. */
const latest = fileURLToPath(new URL('../../build/latest', import.meta.url));

/** The disk of the newest image. Throws Failure when none has been made. */
export function newestImage(): string {
  const directory = existsSync(latest) ? realpathSync(latest) : undefined;
  const disk = directory && readdirSync(directory).find((name) => name.endsWith('.qcow2'));
  if (directory === undefined || disk === undefined) {
    throw new Failure('there is no image to boot', "make one first: 'make image'");
  }
  return join(directory, disk);
}
