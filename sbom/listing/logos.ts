import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { places, sha256 } from '../../packer/index.ts';
import { readPng } from './png.ts';

/** Edges, in pixels, of the square logos that are checked in: what forms ask for lies between them. */
export const LOGO_SIZES = [48, 90, 300, 512] as const;

/** Where the drawing and its pictures lie. */
export const logoDirectory = (repository: string): string => join(repository, 'docs/listing/logo');

/** A square picture of the logo. */
export interface Logo {
  readonly file: string;
  /** In pixels. */
  readonly edge: number;
}

/** What a picture says that was made from this drawing. */
export function sourceOf(drawing: string | Buffer): string {
  return `logo.svg sha256:${sha256(drawing)}`;
}

/** Every picture of the logo. Throws, naming the command, when one is not what its drawing and its name make of it. */
export function readLogos(repository: string = places.root): Logo[] {
  const directory = logoDirectory(repository);
  const source = sourceOf(readFileSync(join(directory, 'logo.svg')));
  const files = readdirSync(directory).filter((file) => file.endsWith('.png'));
  return files.map((file) => {
    const picture = readPng(readFileSync(join(directory, file)));
    const edge = Number(/^logo-(\d+)\.png$/.exec(file)?.[1]);
    const fault =
      picture.width === edge && picture.height === edge
        ? picture.source !== source && 'was not made from logo.svg as it is'
        : `has ${picture.width} x ${picture.height} pixels`;
    if (fault) throw new Error(`${file} ${fault}; run: node sbom/listing/render-logos.ts`);
    return { file, edge };
  });
}
