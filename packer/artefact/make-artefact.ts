import { rmSync, statSync } from 'node:fs';
import type { Shell } from 'zx';
import { Failure } from '../failure.ts';
import { programFailure } from '../shell.ts';
import type { ArtefactFacts, Format, SizeRule } from './format.ts';
import { formats } from './formats.ts';
import { growDisk } from './grow-disk.ts';
import { contentHash, readRaw } from './read-raw.ts';

/** File names that every cloud's storage takes. */
const PLAIN_NAME = /^[a-z0-9][a-z0-9._-]*$/;

/** What is handed out for one cloud. */
export interface Artefact {
  readonly path: string;
  readonly bytes: number;
  /** What its own bytes say of it. */
  readonly facts: ArtefactFacts;
  /** SHA-256 of boot code and partitions: the same for every artefact of one sealed disk. */
  readonly content: string;
}

/** The format of a target. Throws Failure for one that has none, listing those that have. */
export function formatOf(target: string): Format {
  const known: Readonly<Record<string, Format>> = formats;
  const format = Object.hasOwn(known, target) ? known[target] : undefined;
  if (format === undefined)
    throw new Failure(
      `no artefact is made for '${target}'`,
      `choose one of ${Object.keys(formats).join(', ')}`,
    );
  return format;
}

/** The least size a cloud takes for a disk of `bytes`. Throws Failure where the disk is too large for it. */
export function sizeFor({ atLeast, multipleOf, atMost }: SizeRule, bytes: number): number {
  const size = Math.ceil(Math.max(bytes, atLeast) / multipleOf) * multipleOf;
  if (size > atMost)
    throw new Failure(
      `a disk of ${bytes} bytes is too large: at most ${atMost} are taken`,
      'lower image.diskGiB in appliance.yaml',
    );
  return size;
}

/**
 * Makes `<directory>/<name><suffix>` from a raw disk, which stays as it is; a disk that has to be larger is a copy in
 * `directory`. The artefact's bytes are read back, and what it holds is compared with the disk.
 */
export async function makeArtefact(
  shell: Shell,
  disk: string,
  { target, name, directory }: { target: string; name: string; directory: string },
): Promise<Artefact> {
  const format = formatOf(target);
  if (!PLAIN_NAME.test(name))
    throw new Failure(
      `'${name}' cannot be a file's name in every cloud`,
      'take small letters, digits, dots and dashes in name and version of appliance.yaml',
    );
  const path = `${directory}/${name}${format.suffix}`;
  const { diskBytes } = await readRaw(disk);
  const size = sizeFor(format.size, diskBytes);
  const grown = `${directory}/${name}.grown`;
  try {
    if (size !== diskBytes) {
      await shell`cp --sparse=always --reflink=auto ${disk} ${grown}`;
      await growDisk(shell, grown, size);
    }
    await format.make(shell, size === diskBytes ? disk : grown, path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw programFailure(error, 'see what the program says, and that the file system has room');
  } finally {
    rmSync(grown, { force: true });
  }
  const { facts, content } = await verifyArtefact(shell, path, { target, work: directory });
  const source = await contentHash(disk);
  if (content !== source)
    throw new Failure(
      `${path} holds another disk than the one it was made from: ${content} instead of ${source}`,
      'see that memory and disk of this machine are sound, then run again',
    );
  return { path, bytes: statSync(path).size, facts, content };
}

/**
 * Reads an artefact's bytes, turns it into a raw disk again in `work`, and reads that: its size, its partitions and the
 * hash of its content. Throws Failure naming what is wrong.
 */
export async function verifyArtefact(
  shell: Shell,
  path: string,
  { target, work }: { target: string; work: string },
): Promise<Pick<Artefact, 'facts' | 'content'>> {
  const format = formatOf(target);
  const facts = await format.read(path);
  if (sizeFor(format.size, facts.diskBytes) !== facts.diskBytes)
    throw new Failure(
      `${path}: disk size: ${facts.diskBytes} bytes are not what ${target} takes`,
      `make it anew with make image TARGET=${target}`,
    );
  const restored = `${work}/restored.raw`;
  rmSync(restored, { force: true });
  try {
    await format.restore(shell, path, restored);
    const { diskBytes } = await readRaw(restored);
    if (diskBytes !== facts.diskBytes)
      throw new Failure(
        `${path}: disk size: ${facts.diskBytes} bytes are said, ${diskBytes} are there`,
        `make it anew with make image TARGET=${target}`,
      );
    return { facts, content: await contentHash(restored) };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw programFailure(error, `make it anew with make image TARGET=${target}`);
  } finally {
    rmSync(restored, { force: true });
  }
}
