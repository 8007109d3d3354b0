import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProductFacts } from '../appliance/index.ts';
import { sha256OfFile } from './hash.ts';
import type { Manifest } from './manifest.ts';
import { PLAIN_TARGET } from './options.ts';
import { places } from './places.ts';

/** What an image is called: its directory, and its file without the suffix. */
export function imageName({ name, version }: ProductFacts, base: string, target: string): string {
  return [name, version, base, ...(target === PLAIN_TARGET ? [] : [target])].join('-');
}

/**
 * Puts the image's files, its manifest and their checksums into `<build>/<name>`, complete or not at all, and lets
 * `<build>/latest` point there. The first file is moved, it is large; logs and evidence are copied, a directory with all
 * that is in it.
 */
export async function writeOutput(
  name: string,
  manifest: Manifest,
  [image, ...others]: readonly [string, ...string[]],
  build: string = places.build,
): Promise<string> {
  const directory = `${build}/${name}`;
  const unfinished = `${build}/.${name}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  renameSync(image, `${unfinished}/${basename(image)}`);
  for (const path of others) cpSync(path, `${unfinished}/${basename(path)}`, { recursive: true });
  writeFileSync(`${unfinished}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  const sums = {
    [basename(image)]: manifest.image.sha256,
    'manifest.json': await sha256OfFile(`${unfinished}/manifest.json`),
  };
  const lines = Object.entries(sums).map(([file, sum]) => `${sum}  ${file}\n`);
  writeFileSync(`${unfinished}/SHA256SUMS`, lines.join(''));
  replaceDirectory(unfinished, directory);
  replaceLink(name, `${build}/latest`);
  return directory;
}

function replaceDirectory(from: string, to: string): void {
  const old = `${to}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(to)) renameSync(to, old);
  renameSync(from, to);
  rmSync(old, { recursive: true, force: true });
}

function replaceLink(target: string, path: string): void {
  rmSync(`${path}.new`, { force: true });
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
}
