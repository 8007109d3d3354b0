import { join } from 'node:path';
import { syncDirectory } from '../appliance/index.ts';
import type { Pair } from './certificate.ts';
import type { Machine } from './machine.ts';
import {
  linkTarget,
  pairInUse,
  pairLinks,
  pairPrefixes,
  putLink,
  removeOtherPairs,
  useNoPair,
  usePair,
  writePair,
} from './tls-directory.ts';

/** A pair of the operator's that has been put in place of the one before. */
export interface PlacedPair {
  /** Has the one of before back, and forgets this one. */
  undo(): void;
  /** Forgets the one of before. */
  keep(): void;
}

/** Whether the pair in use is one that the operator has installed, which the machine leaves alone. */
export function hasGivenPair(machine: Machine): boolean {
  return pairInUse(machine)?.startsWith(pairPrefixes.given) ?? false;
}

/**
 * Puts a pair of the operator's where nginx reads it, certificate and key in one step. Files that somebody has laid there
 * by hand are kept beside it under another name.
 */
export function placeGivenPair(machine: Machine, pair: Pair): PlacedPair {
  const { fs, facts } = machine;
  const { tls } = facts.paths;
  const before = pairInUse(machine);
  const name = writePair(machine, pairPrefixes.given, pair);
  usePair(machine, name);
  const undoings = pairLinks.map(([link, target]) => replaceByLink(machine, join(tls, link), target));
  syncDirectory(fs, tls);
  return {
    undo: () => {
      for (const undo of undoings) undo();
      if (before === undefined) useNoPair(machine);
      else usePair(machine, before);
      fs.rmSync(join(tls, name), { recursive: true, force: true });
      syncDirectory(fs, tls);
    },
    keep: () => removeOtherPairs(machine),
  };
}

/** Returns what takes it back. */
function replaceByLink({ fs }: Machine, path: string, target: string): () => void {
  const before = linkTarget(fs, path);
  if (before === target) return () => undefined;
  const aside = `${path}.replaced`;
  if (before === '') fs.renameSync(path, aside);
  putLink(fs, path, target);
  return () => {
    if (before === '') fs.renameSync(aside, path);
    else if (before === undefined) fs.rmSync(path, { force: true });
    else putLink(fs, path, before);
  };
}
