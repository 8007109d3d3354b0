import { existsSync, readFileSync } from 'node:fs';
import { $ } from 'zx';
import { BaseUnavailable } from './base.ts';
import { parseDeb822 } from './deb822.ts';

/** Where the build host gets Debian from: one archive for each part that it uses, and the keyring that it trusts. */
export interface HostMirrors {
  readonly main: string;
  readonly updates?: string;
  readonly security?: string;
  readonly keyring: string;
}

/** The keyring of the package debian-archive-keyring, on the host and in the machine alike. */
export const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Asks apt itself which Debian archives this machine uses. Throws BaseUnavailable where it uses none. */
export async function hostMirrors(): Promise<HostMirrors> {
  const targets = (await $({ quiet: true })`apt-get indextargets ${'Created-By: Packages'}`).stdout;
  return mirrorsFrom(targets, (path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''));
}

/** Reads apt's list of index targets; `readSources` gives the text of the sources file that a target comes from. */
export function mirrorsFrom(indexTargets: string, readSources: (path: string) => string): HostMirrors {
  const archives = parseDeb822(indexTargets)
    .filter((target) => target.get('origin') === 'Debian' && target.get('component') === 'main')
    .map((target) => ({
      uri: (target.get('repo-uri') ?? '').replace(/\/$/, ''),
      part: partOf(target.get('label') ?? '', target.get('codename') ?? ''),
      sources: (target.get('sourcesentry') ?? '').replace(/:\d+$/, ''),
    }));
  const of = (part: string) => archives.find((archive) => archive.part === part);
  const main = of('main');
  if (main === undefined) {
    throw new BaseUnavailable(
      "this machine's apt sources hold no Debian archive",
      "bootstrap on a Debian machine, or add a Debian source and run 'apt-get update'",
    );
  }
  const [updates, security] = [of('updates')?.uri, of('security')?.uri];
  return {
    main: main.uri,
    ...(updates === undefined ? {} : { updates }),
    ...(security === undefined ? {} : { security }),
    keyring: signedBy(readSources(main.sources)) ?? DEBIAN_KEYRING,
  };
}

function partOf(label: string, codename: string): string {
  if (label === 'Debian-Security') return 'security';
  if (/-(backports|proposed)/.test(codename)) return 'other';
  return codename.endsWith('-updates') ? 'updates' : 'main';
}

/** The keyring file that a sources file names, in either of apt's two formats. */
function signedBy(sources: string): string | undefined {
  return /^[^#\n]*signed-by\s*[:=]\s*(\/[^\s\],]+)/im.exec(sources)?.[1];
}

/** The text of a sources file for `suite` at these mirrors, as it stands in the machine. */
export function sourcesFor(mirrors: HostMirrors, suite: string, keyring: string): string {
  const archives = [
    { uri: mirrors.main, suites: mirrors.updates === mirrors.main ? [suite, `${suite}-updates`] : [suite] },
    { uri: mirrors.updates === mirrors.main ? undefined : mirrors.updates, suites: [`${suite}-updates`] },
    { uri: mirrors.security, suites: [`${suite}-security`] },
  ];
  return archives
    .filter(({ uri }) => uri !== undefined)
    .map(({ uri, suites }) =>
      [
        'Types: deb',
        `URIs: ${uri}`,
        `Suites: ${suites.join(' ')}`,
        'Components: main',
        `Signed-By: ${keyring}`,
        '',
      ].join('\n'),
    )
    .join('\n');
}
