import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Failure } from '../failure.ts';
import { shellFor } from '../shell.ts';

/** What a private apt works with: the archives it may ask, and what it takes for installed. */
export interface AptRootOptions {
  /** Text of a `.sources` file (deb822); keyrings in it are paths on the build host. */
  readonly sources: string;
  /** dpkg's status file of a machine: what it has is not fetched. Without it nothing counts as installed. */
  readonly status?: string;
  readonly signal: AbortSignal;
}

/** An apt with sources, lists and cache of its own, which neither reads nor changes what the build host has installed. */
export interface AptRoot {
  /** Versions of a package that the archives hold, newest first. */
  versions(name: string): Promise<string[]>;
  /** Fetches one version of a package; returns the path of the `.deb`. */
  download(name: string, version: string): Promise<string>;
  /** Fetches what an installation of `names` would add to the machine; returns the paths of the `.deb` files. */
  downloadMissing(names: readonly string[]): Promise<string[]>;
}

/** Makes it in an empty directory and reads the package lists. */
export async function openAptRoot(directory: string, options: AptRootOptions): Promise<AptRoot> {
  for (const part of ['etc/none', 'lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(`${directory}/${part}`, { recursive: true });
  writeFileSync(`${directory}/etc/archives.sources`, options.sources);
  writeFileSync(`${directory}/status`, '');
  const configuration = `${directory}/etc/apt.conf`;
  writeFileSync(configuration, configurationOf(directory, options.status ?? `${directory}/status`));
  const environment = { ...process.env, APT_CONFIG: configuration };
  const shell = shellFor(options.signal, { cwd: `${directory}/debs`, env: environment });
  await shell`apt-get -q -o APT::Update::Error-Mode=any update`;

  async function versions(name: string): Promise<string[]> {
    const { stdout } = await shell`apt-cache madison ${name}`;
    const found = stdout.split('\n').map((line) => line.split('|')[1]?.trim() ?? '');
    return [...new Set(found.filter((version) => version !== ''))];
  }

  async function download(name: string, version: string): Promise<string> {
    const before = new Set(readdirSync(`${directory}/debs`));
    await shell`apt-get -q download ${name}=${version}`;
    const fetched = readdirSync(`${directory}/debs`).filter((file) => !before.has(file));
    return `${directory}/debs/${fetched[0]}`;
  }

  async function downloadMissing(names: readonly string[]): Promise<string[]> {
    const options = ['-y', '--no-install-recommends', '--download-only'];
    await shell`apt-get -q ${options} install ${names}`;
    const archives = `${directory}/cache/archives`;
    return readdirSync(archives)
      .filter((file) => file.endsWith('.deb'))
      .sort()
      .map((file) => `${archives}/${file}`);
  }

  return { versions, download, downloadMissing };
}

/**
 * Unpacks the newest version of a package into a directory, installs nothing, and returns the version. Throws Failure where
 * the archives do not have it.
 */
export async function unpackPackage(name: string, into: string, options: AptRootOptions): Promise<string> {
  const root = `${into}/apt`;
  const apt = await openAptRoot(root, options);
  const [newest] = await apt.versions(name);
  if (newest === undefined)
    throw new Failure(`the archives have no package ${name}`, 'see what apt-cache madison says of it');
  const archive = await apt.download(name, newest);
  await shellFor(options.signal)`dpkg-deb --extract ${archive} ${into}`;
  rmSync(root, { recursive: true });
  return newest;
}

/** Settings of the build host that lead to its archives, such as a proxy, stay; everything with a state is private. */
function configurationOf(directory: string, status: string): string {
  const settings = {
    'Dir::Etc::SourceList': `${directory}/etc/archives.sources`,
    'Dir::Etc::SourceParts': `${directory}/etc/none`,
    'Dir::Etc::Preferences': `${directory}/etc/none/preferences`,
    'Dir::Etc::PreferencesParts': `${directory}/etc/none`,
    'Dir::State': directory,
    'Dir::State::Lists': `${directory}/lists`,
    'Dir::State::Status': status,
    'Dir::Cache': `${directory}/cache`,
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': 'true',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} "${value}";\n`)
    .join('');
}
