import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
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
