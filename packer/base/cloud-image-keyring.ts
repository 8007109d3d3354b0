import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { Work } from '../command.ts';
import { shellFor } from '../shell.ts';
import { BaseUnavailable } from './base.ts';
import { hostMirrors, sourcesFor } from './host-mirrors.ts';

const PACKAGE = 'ubuntu-keyring';
/** A Debian release that carries the package; older ones do not, though their archive is signed by the same people. */
const SUITE = 'trixie';

/**
 * The keyring `path` where the host has it; else the copy in Debian's package of it, fetched from the host's own
 * mirror through an apt of its own in `directory`, so that nothing is installed from another release.
 */
export async function cloudImageKeyring(
  path: string,
  directory: string,
  { signal, log }: Work,
): Promise<string> {
  if (existsSync(path)) return path;
  const root = `${directory}/apt`;
  for (const part of ['lists/partial', 'cache/archives/partial', 'sources', 'out']) {
    mkdirSync(`${root}/${part}`, { recursive: true });
  }
  const mirrors = await hostMirrors();
  const { main, keyring } = mirrors;
  writeFileSync(`${root}/sources/base.sources`, sourcesFor({ main, keyring }, SUITE, keyring));
  const options = [
    'Dir::Etc::SourceList=/dev/null',
    `Dir::Etc::SourceParts=${root}/sources`,
    `Dir::State::Lists=${root}/lists`,
    `Dir::Cache=${root}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const shell = shellFor(signal, { cwd: `${root}/out` });
  try {
    await log.step(`fetch ${PACKAGE} from ${main}`, async () => {
      await shell`apt-get ${options} -q update`;
      await shell`apt-get ${options} -q download ${PACKAGE}`;
      const [deb = ''] = readdirSync(`${root}/out`);
      await shell`dpkg-deb --extract ${deb} ${root}/keyring`;
    });
  } catch (cause) {
    throw new BaseUnavailable(
      `${path} is missing and ${PACKAGE} cannot be had from ${main}`,
      `install ${PACKAGE}`,
      { cause },
    );
  }
  const extracted = `${root}/keyring${path}`;
  if (!existsSync(extracted))
    throw new BaseUnavailable(`${PACKAGE} has no ${path}`, 'correct the keyring in appliance.yaml');
  return extracted;
}
