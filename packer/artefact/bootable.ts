import { mkdirSync, rmSync } from 'node:fs';
import type { Shell } from 'zx';
import { formatOf } from './make-artefact.ts';

/** A disk that QEMU can boot from, as the options of a machine name it. */
export interface BootableDisk {
  readonly image: string;
  readonly format: 'raw' | 'qcow2';
}

/** The disk in what was made for a target: the file itself where QEMU reads it, else a raw disk that is unpacked into `work`. */
export async function bootable(
  shell: Shell,
  { image, target }: { image: string; target: string },
  work: string,
): Promise<BootableDisk> {
  const format = formatOf(target);
  if (format.suffix === '.qcow2') return { image, format: 'qcow2' };
  mkdirSync(work, { recursive: true });
  const raw = `${work}/${target}.raw`;
  rmSync(raw, { force: true });
  await format.restore(shell, image, raw);
  return { image: raw, format: 'raw' };
}
