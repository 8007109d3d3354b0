import { basename, dirname, join } from 'node:path';
import { type FileSystem, syncDirectory, writeFileAtomic } from '../appliance/index.ts';
import type { Pair } from './certificate.ts';
import type { Machine } from './machine.ts';

/** How the directories of pairs begin: the machine replaces what it has made, and leaves alone what it was given. */
export const pairPrefixes = { made: 'pair-', given: 'given-' } as const;

/** The link that leads to the pair in use, below the directory of pairs. */
const CURRENT = 'current';

/** What nginx's two paths are links to, so that both change in one step. */
export const pairLinks = [
  ['cert.pem', `${CURRENT}/cert.pem`],
  ['key.pem', `${CURRENT}/key.pem`],
] as const;

/** Writes a pair into a directory of its own, where nobody reads it yet; returns the directory's name. */
export function writePair(machine: Machine, prefix: string, pair: Pair): string {
  const { fs } = machine;
  const name = `${prefix}${machine.randomBytes(8).toString('hex')}`;
  const directory = join(machine.facts.paths.tls, name);
  fs.mkdirSync(directory, { mode: 0o700 });
  writeFileAtomic(fs, join(directory, 'key.pem'), pair.keyPem, { mode: 0o600 });
  writeFileAtomic(fs, join(directory, 'cert.pem'), pair.certificatePem, { mode: 0o644 });
  return name;
}

/** Makes `path` a link to `target`, in one step, whatever was there. */
export function putLink(fs: FileSystem, path: string, target: string): void {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  fs.rmSync(fresh, { force: true });
  fs.symlinkSync(target, fresh);
  fs.renameSync(fresh, path);
}

/** Makes a pair the one in use. */
export function usePair({ fs, facts: { paths } }: Machine, name: string): void {
  putLink(fs, join(paths.tls, CURRENT), name);
  syncDirectory(fs, paths.tls);
}

/** Has no pair in use. */
export function useNoPair({ fs, facts: { paths } }: Machine): void {
  fs.rmSync(join(paths.tls, CURRENT), { force: true });
  syncDirectory(fs, paths.tls);
}

/** The directory of the pair in use; undefined when there is none. */
export function pairInUse({ fs, facts: { paths } }: Machine): string | undefined {
  return linkTarget(fs, join(paths.tls, CURRENT));
}

/** Removes all pairs but the one in use. */
export function removeOtherPairs(machine: Machine): void {
  const { fs, facts } = machine;
  const current = pairInUse(machine);
  const isPair = (name: string): boolean =>
    Object.values(pairPrefixes).some((prefix) => name.startsWith(prefix));
  const others = fs.readdirSync(facts.paths.tls).filter((name) => isPair(name) && name !== current);
  for (const name of others) fs.rmSync(join(facts.paths.tls, name), { recursive: true, force: true });
}

/** Where a link leads; undefined when there is nothing, and '' when there is something else than a link. */
export function linkTarget(fs: FileSystem, path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EINVAL') return '';
    throw error;
  }
}
