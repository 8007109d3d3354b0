import type { Shell } from 'zx';
import type { Qcow2Facts } from './read-qcow2.ts';
import type { RawFacts } from './read-raw.ts';
import type { TarFacts } from './read-tar.ts';
import type { VhdFacts } from './read-vhd.ts';

export type ArtefactFacts = Qcow2Facts | RawFacts | TarFacts | VhdFacts;

/** Which sizes a cloud takes for the disk inside an artefact, in bytes. */
export interface SizeRule {
  readonly atLeast: number;
  readonly multipleOf: number;
  readonly atMost: number;
}

/** The form in which a cloud takes a disk. */
export interface Format {
  /** What follows the image's name in the file's. */
  readonly suffix: string;
  readonly size: SizeRule;
  /** Makes the artefact `to` from a raw disk whose size fits; the disk stays as it is. */
  make(shell: Shell, disk: string, to: string): Promise<void>;
  /** Reads the bytes of an artefact. Throws Failure naming the field that is not as the cloud wants it. */
  read(path: string): Promise<ArtefactFacts>;
  /** Turns an artefact into a raw disk again. */
  restore(shell: Shell, path: string, disk: string): Promise<void>;
}
