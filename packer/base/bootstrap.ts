import {
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cached } from '../cache.ts';
import type { Work } from '../command.ts';
import { sha256, sha256OfTree } from '../hash.ts';
import { programFailure, shellFor } from '../shell.ts';
import type { Base } from './base.ts';
import { DEBIAN_KEYRING, hostMirrors, sourcesFor } from './host-mirrors.ts';

const recipe = fileURLToPath(new URL('debian', import.meta.url));
const HOST_KEYRING_IN_MACHINE = '/etc/apt/keyrings/build-host.gpg';

/**
 * A Debian root tree made by mmdebstrap from the archives that this machine itself uses. Cached by everything that
 * goes into it but the archive's state of the day: remove `.cache/base` for newer packages.
 */
export async function bootstrapDebian(name: string, suite: string, { log, signal }: Work): Promise<Base> {
  const shell = shellFor(signal);
  await shell`apt-get -q -o DPkg::Lock::Timeout=600 update`;
  const mirrors = await hostMirrors();
  const keyring = mirrors.keyring === DEBIAN_KEYRING ? DEBIAN_KEYRING : HOST_KEYRING_IN_MACHINE;
  const sources = sourcesFor(mirrors, suite, keyring);
  const id = sha256([name, suite, sources, sha256OfTree(recipe)].join('\n')).slice(0, 16);

  const { directory, hit } = await cached('base', `${name}-${id}`, async (unfinished) => {
    await log.step(`bootstrap ${name} from ${mirrors.main}`, () => bootstrap(unfinished));
  });
  if (hit) log.note(`base ${name} from the cache (${id})`);
  return {
    name,
    id,
    tree: `${directory}/tree`,
    rehearsal: true,
    origin: { kind: 'bootstrap', suite, ...mirrors },
  };

  async function bootstrap(unfinished: string): Promise<void> {
    const files = `${unfinished}/files`;
    await shell`cp -a ${recipe}/files ${files}`;
    mkdirSync(`${files}/etc/apt/sources.list.d`, { recursive: true });
    writeFileSync(`${files}/etc/apt/sources.list.d/debian.sources`, sources);
    if (keyring !== DEBIAN_KEYRING) {
      mkdirSync(`${files}/etc/apt/keyrings`, { recursive: true });
      copyFileSync(mirrors.keyring, `${files}${keyring}`);
    }
    const hostSources = `${unfinished}/host.sources`;
    writeFileSync(hostSources, sourcesFor(mirrors, suite, mirrors.keyring));
    const hooks = [
      `--customize-hook=${recipe}/customize`,
      `--customize-hook=sync-in ${files} /`,
      '--customize-hook=rm -f "$1/etc/apt/sources.list"',
    ];
    const packages = readFileSync(`${recipe}/packages`, 'utf8').trim().split('\n');
    const options = ['--variant=important', `--include=${packages.join(',')}`, ...hooks];
    try {
      await shell`mmdebstrap ${options} ${suite} ${unfinished}/tree ${hostSources}`;
    } catch (error) {
      throw programFailure(error, `see that ${mirrors.main} serves ${suite}, then run again`);
    }
    forgetUpdate(`${unfinished}/tree/var/lib/apt/lists`);
  }
}

/**
 * The package lists are gone again, so their directory may not look fresh: Ansible would believe it. apt makes the
 * directory `auxfiles` when it first looks there, which would give a fresh date, so it is made here.
 */
function forgetUpdate(lists: string): void {
  const { uid, gid } = statSync(`${lists}/partial`);
  mkdirSync(`${lists}/auxfiles`, { recursive: true });
  chownSync(`${lists}/auxfiles`, uid, gid);
  utimesSync(lists, 0, 0);
}
