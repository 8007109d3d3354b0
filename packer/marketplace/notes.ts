import { readFileSync, writeFileSync } from 'node:fs';
import type { MachineFacts } from '../../appliance/index.ts';

/** Written when a build in a cloud is prepared, read by the part that Packer starts. */
export interface Notes {
  readonly machine: MachineFacts;
  /** Of the commit, ISO 8601. */
  readonly time: string | null;
  /** Nobody may publish it, so a check may be left out and the key may be nobody's. */
  readonly rehearsal: boolean;
}

const fileIn = (directory: string): string => `${directory}/notes.json`;

export function writeNotes(directory: string, notes: Notes): void {
  writeFileSync(fileIn(directory), `${JSON.stringify(notes, null, 2)}\n`);
}

export function readNotes(directory: string): Notes {
  return JSON.parse(readFileSync(fileIn(directory), 'utf8')) as Notes;
}
