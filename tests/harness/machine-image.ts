import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFacts } from '../../appliance/index.ts';
import { type BootableDisk, bootable, Failure, imageName, shellFor } from '../../packer/index.ts';
import { readBuildManifest } from '../../sbom/index.ts';

const build = fileURLToPath(new URL('../../build', import.meta.url));
/** The base that images are rehearsed on. */
export const BASE = 'debian-13';

/** What `make image` has made. */
export interface MadeImage {
  readonly directory: string;
  readonly image: string;
  readonly target: string;
}

/** The newest image. Throws Failure when none has been made. */
export function newestImage(): MadeImage {
  return madeIn(`${build}/latest`, 'make image');
}

/** The image of the rehearsal base for a target. Throws Failure when none has been made. */
export function imageFor(target: string): MadeImage {
  return madeIn(
    `${build}/${imageName(readFacts(), BASE, target)}`,
    `make image BASE=${BASE} TARGET=${target}`,
  );
}

function madeIn(place: string, command: string): MadeImage {
  if (!existsSync(place)) throw new Failure('there is no image to boot', `make one first: '${command}'`);
  const directory = realpathSync(place);
  const { image, target } = readBuildManifest(directory);
  return { directory, image: join(directory, image.file), target };
}

/** What a machine boots from; an artefact that QEMU does not read is unpacked. */
export function diskOf(made: MadeImage): Promise<BootableDisk> {
  return bootable(shellFor(new AbortController().signal), made, `${build}/test/disks`);
}

/** The root file system of a target's image, as it was sealed: `make image` leaves it until its next run for that target. */
export function sealedTree(target: string): string {
  const work = `${build}/work`;
  const made = existsSync(work) ? readdirSync(work).find((name) => name.endsWith(`-${target}`)) : undefined;
  if (made === undefined)
    throw new Failure('there is no tree of an image', `make one first: 'make image TARGET=${target}'`);
  return join(work, made, 'tree');
}
