import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { places } from './places.ts';

/**
 * The directory `<cache>/<kind>/<id>`, filled by `make` when it is not there. It appears complete or not at all: `make`
 * fills a directory beside it that takes the name at the end, and what an earlier run left unfinished is thrown away.
 */
export async function cached(
  kind: string,
  id: string,
  make: (directory: string) => Promise<void>,
  cache: string = places.cache,
): Promise<{ directory: string; hit: boolean }> {
  const directory = `${cache}/${kind}/${id}`;
  if (existsSync(directory)) return { directory, hit: true };
  const unfinished = `${directory}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await make(unfinished);
  renameSync(unfinished, directory);
  return { directory, hit: false };
}

/** Removes what else is kept under names that begin like this one: the newest is enough. */
export function dropOthers(prefix: string, keep: string): void {
  for (const name of readdirSync(dirname(keep))) {
    const path = `${dirname(keep)}/${name}`;
    if (name.startsWith(`${prefix}-`) && path !== keep) rmSync(path, { recursive: true, force: true });
  }
}

/** Removes what runs that failed or were killed have left half made. */
export async function dropUnfinished(kind: string, cache: string = places.cache): Promise<void> {
  if (!existsSync(`${cache}/${kind}`)) return;
  for (const name of readdirSync(`${cache}/${kind}`)) {
    if (name.endsWith('.unfinished')) await rm(`${cache}/${kind}/${name}`, { recursive: true });
  }
}
