import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure, formatOf, type ImageFile, type Manifest, places } from '../packer/index.ts';
import { readBuildManifest } from '../sbom/index.ts';

/** An image in the form that a cloud takes, with everything that speaks for it. */
export interface PublishedArtefact extends Omit<ImageFile, 'file'> {
  readonly target: string;
  /** Absolute path. */
  readonly file: string;
  /** Where evidence.json lies, with its signature and what it lists. */
  readonly evidence: string;
  readonly manifest: Manifest;
}

/** The directory of an image: the named one, or the newest. */
export function imageDirectory(named: string | undefined): string {
  const path = named === undefined || named === '' ? `${places.build}/latest` : named;
  if (!existsSync(path))
    throw new Failure(`there is no ${path}`, "make an image first: 'make image TARGET=...'");
  const real = realpathSync(path);
  return statSync(real).isDirectory() ? real : dirname(real);
}

/**
 * Reads what `make image TARGET=...` left in a directory. Throws Failure when there is no image, or one that was made for
 * another target: its machine would have the wrong agent, data source and password rule.
 */
export function readArtefact(directory: string, target: string): PublishedArtefact {
  const { suffix } = formatOf(target);
  const manifest = readBuildManifest(directory);
  const { image } = manifest;
  const again = `make it with 'make image TARGET=${target}', or name its directory with IMAGE=`;
  if (manifest.target !== target)
    throw new Failure(`the image was made for ${manifest.target}, not for ${target}`, again);
  if (!image.file.endsWith(suffix))
    throw new Failure(`${image.file} is no ${suffix}, the form that ${target} takes`, again);
  const file = join(directory, image.file);
  if (!existsSync(file)) throw new Failure(`${image.file} is not in ${directory}`, again);
  return { ...image, target, file, bytes: statSync(file).size, evidence: directory, manifest };
}
