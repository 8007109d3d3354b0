import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPng } from './png.ts';

export interface Screenshot {
  readonly file: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** The pictures of docs/listing/screenshots, which need not be there. */
export function readScreenshots(repository: string): Screenshot[] {
  const directory = join(repository, 'docs/listing/screenshots');
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .map((file) => {
      const { width, height } = readPng(readFileSync(join(directory, file)));
      return { file, width, height };
    });
}
