import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { $ } from 'zx';
import { readFacts } from '../../appliance/index.ts';
import { cached, hostMirrors, sourcesFor } from '../../packer/index.ts';

const run = $({ quiet: true });

/** Suite of the base that is bootstrapped, which may be newer than this machine's. */
function suite(): string {
  const { bases } = readFacts();
  const found = Object.values(bases).find(({ source }) => source.kind === 'bootstrap');
  if (found === undefined) throw new Error('no base of appliance.yaml is bootstrapped');
  return found.suite;
}

/** An apt of its own below `root`: this machine's mirror and keyring, another suite, other lists and caches. */
async function privateApt(root: string, from: string): Promise<readonly string[]> {
  const mirrors = await hostMirrors();
  for (const directory of ['lists/partial', 'cache/archives/partial', 'parts']) {
    mkdirSync(`${root}/${directory}`, { recursive: true });
  }
  writeFileSync(`${root}/debian.sources`, sourcesFor(mirrors, from, mirrors.keyring));
  writeFileSync(`${root}/status`, '');
  const settings = {
    'Dir::Etc::SourceList': `${root}/debian.sources`,
    'Dir::Etc::SourceParts': `${root}/parts`,
    'Dir::State::Lists': `${root}/lists`,
    'Dir::State::Status': `${root}/status`,
    'Dir::Cache': `${root}/cache`,
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/**
 * A directory with what is in a package of Debian 13, unpacked and not installed: programs of that suite on a machine
 * that has another. Kept in .cache.
 */
export async function debianPackage(name: string): Promise<string> {
  const from = suite();
  const { directory } = await cached('packages', `${from}-${name}`, async (unfinished) => {
    const apt = `${unfinished}/apt`;
    const options = await privateApt(apt, from);
    await run`apt-get ${options} -q update`;
    await run({ cwd: unfinished })`apt-get ${options} -q download ${name}`;
    const archive = readdirSync(unfinished).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download ${name} left no package`);
    await run`dpkg-deb --extract ${unfinished}/${archive} ${unfinished}/root`;
    rmSync(apt, { recursive: true });
  });
  const root = `${directory}/root`;
  if (!existsSync(root)) throw new Error(`${directory} is incomplete; remove it and run again`);
  return root;
}
