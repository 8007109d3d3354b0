import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { places } from './places.ts';

/** What a process has not finished yet: `<id>.<process id>.unfinished`. */
const UNFINISHED = /\.(\d+)\.unfinished$/;

/**
 * The directory `<cache>/<kind>/<id>`, filled by `make` when it is not there. It appears complete or not at all: `make`
 * fills a directory beside it that takes the name at the end. Of two processes that make the same the first one wins.
 */
export async function cached(
  kind: string,
  id: string,
  make: (directory: string) => Promise<void>,
  cache: string = places.cache,
): Promise<{ directory: string; hit: boolean }> {
  const directory = `${cache}/${kind}/${id}`;
  if (existsSync(directory)) return { directory, hit: true };
  const unfinished = `${directory}.${process.pid}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await make(unfinished);
  if (existsSync(directory)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, directory);
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
    const maker = UNFINISHED.exec(name)?.[1];
    if (maker === undefined || (Number(maker) !== process.pid && existsSync(`/proc/${maker}`))) continue;
    await rm(`${cache}/${kind}/${name}`, { recursive: true });
  }
}
