import { Failure } from '../../packer/index.ts';
import type { RootShell } from '../cis/root-shell.ts';

/** A program that a machine is shown for as long as it is looked at. */
export interface ShownArchive {
  /** A compressed tar archive. */
  readonly archive: Buffer;
  /** Directory of the machine that is made of it and removed again. */
  readonly place: string;
}

/** Far above what an emulated machine takes. */
const DEADLINE_MS = 60 * 60_000;

/** Puts an archive into a machine for as long as `use` runs. The machine's disk must be one that is thrown away. */
export async function withArchive<T>(
  machine: RootShell,
  { archive, place }: ShownArchive,
  use: () => Promise<T>,
): Promise<T> {
  const unpack = `mkdir -p ${place} && base64 -d | tar -xz -C ${place}`;
  try {
    const { code, stderr } = await machine.run(unpack, archive.toString('base64'), DEADLINE_MS);
    if (code !== 0) throw new Failure(`${place} cannot be put into the machine: ${stderr}`, 'see its disk');
    return await use();
  } finally {
    await machine.run(`rm -rf ${place}`);
  }
}
