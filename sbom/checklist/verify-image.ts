import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, type Manifest } from '../../packer/index.ts';
import { checklist } from './checklist.ts';
import { exitCodeOf, judge } from './judge.ts';
import { readRows } from './row.ts';
import type { Subject } from './subject.ts';
import type { Verification } from './table.ts';

/** Holds an image to the checklist. What the subject lacks makes rows `not-run`, never passed. */
export async function verifyImage(subject: Subject): Promise<Verification> {
  const rows = await judge(readRows(), checklist, subject);
  const { manifest, target } = subject;
  return {
    image: `${manifest.name} ${manifest.version}, commit ${manifest.commit}`,
    target,
    base: manifest.base,
    rehearsal: manifest.rehearsal,
    exitCode: exitCodeOf(rows),
    rows,
  };
}

/** Reads what `make image` wrote beside an image. Throws Failure when the directory holds no image. */
export function readBuildManifest(directory: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as Manifest;
  } catch (cause) {
    throw new Failure(
      `${directory} holds no image: ${(cause as Error).message}`,
      "make one with 'make image', or name another with IMAGE=",
      { cause },
    );
  }
}
