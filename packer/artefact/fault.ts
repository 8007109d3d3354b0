import { basename } from 'node:path';
import { Failure } from '../failure.ts';

/** Something in the bytes of an artefact that is not as its cloud, or its format, wants it. */
export interface Fault {
  /** Where, in the words of the format: `VHD footer, checksum`. */
  readonly field: string;
  readonly what: string;
  readonly remedy: string;
}

/** A fault of `field` unless `holds`. */
export function unless(holds: boolean, field: string, what: string, remedy: string): Fault[] {
  return holds ? [] : [{ field, what, remedy }];
}

/** Throws Failure with all the faults of a file, each with its field, and the remedy of the first. */
export function refuseFaults(path: string, faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const lines = faults.map(({ field, what }) => `${basename(path)}: ${field}: ${what}`);
  throw new Failure(lines.join('\n'), first.remedy);
}
