import type { Shell } from 'zx';
import type { Work } from './command.ts';
import type { Packer } from './packer.ts';
import { places } from './places.ts';
import { shellFor } from './shell.ts';
import { buildPacker } from './tools/build-packer.ts';
import { ensurePackages } from './tools.ts';

/** The last release line that distributions package, and that carries its plugins inside. */
const PACKAGED = /^1\.6\./;

/** The distribution's Packer where it packages one; else a pinned newer one with its plugins, built from Go modules. */
export async function ensurePacker(work: Work): Promise<Packer> {
  const shell = shellFor(work.signal);
  if (!PACKAGED.test(await candidate(shell))) return buildPacker(work);
  await ensurePackages(['packer']);
  return {
    path: '/usr/bin/packer',
    template: `${places.packer}/template`,
    environment: { CHECKPOINT_DISABLE: '1', PACKER_CACHE_DIR: `${places.cache}/packer` },
  };
}

async function candidate(shell: Shell): Promise<string> {
  const policy = (await shell`apt-cache policy packer`).stdout;
  return /^\s*Candidate:\s*(\S+)/m.exec(policy)?.[1] ?? '';
}
