import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** dpkg's view of a system: what is installed, and what its files should hold. */
export interface InstalledPackages {
  /** Undefined when the package is not installed. */
  versionOf(name: string): string | undefined;
  /** MD5 of a file as the installed version of the package brings it; undefined when that version has no such file. */
  md5Of(name: string, path: string): string | undefined;
}

interface Installed {
  readonly version: string;
  readonly architecture: string;
  /** Configuration files: dpkg keeps their sums apart from all others. */
  readonly conffiles: ReadonlyMap<string, string>;
}

/** Reads dpkg's database below `root`. Throws when there is none. */
export function readInstalledPackages(root: string): InstalledPackages {
  const status = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8');
  const installed = new Map(status.split(/\n\n+/).flatMap(parseInstalled));
  const sums = new Map<string, ReadonlyMap<string, string>>();
  const handledByUcf = readSumsIfAny(join(root, 'var/lib/ucf/hashfile'));

  function sumsOf(name: string, { architecture }: Installed): ReadonlyMap<string, string> {
    const known = sums.get(name);
    if (known !== undefined) return known;
    const found = readSums(root, [name, `${name}:${architecture}`]);
    sums.set(name, found);
    return found;
  }

  return {
    versionOf: (name) => installed.get(name)?.version,
    md5Of: (name, path) => {
      const found = installed.get(name);
      return found && (found.conffiles.get(path) ?? sumsOf(name, found).get(path) ?? handledByUcf.get(path));
    },
  };
}

function parseInstalled(paragraph: string): [string, Installed][] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
  const [name, version] = [field('Package'), field('Version')];
  if (name === undefined || version === undefined || field('Status')?.endsWith(' installed') !== true)
    return [];
  const listed = /^Conffiles:\n((?: .*\n?)*)/m.exec(paragraph)?.[1] ?? '';
  const conffiles = [...listed.matchAll(/^ (\S+) ([0-9a-f]{32})/gm)].map(
    ([, path = '', md5 = '']) => [path, md5] as const,
  );
  return [[name, { version, architecture: field('Architecture') ?? '', conffiles: new Map(conffiles) }]];
}

function readSums(root: string, names: readonly string[]): ReadonlyMap<string, string> {
  const file = names
    .map((name) => join(root, `var/lib/dpkg/info/${name}.md5sums`))
    .find((path) => existsSync(path));
  return file === undefined ? new Map() : readSumsIfAny(file);
}

/** Paths and their sums, as md5sum prints them; dpkg leaves out the first slash. */
function readSumsIfAny(file: string): ReadonlyMap<string, string> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').matchAll(/^([0-9a-f]{32}) {2}\/?(.+)$/gm);
  return new Map([...lines].map(([, md5 = '', path = '']) => [underUsr(`/${path}`), md5]));
}

/** Packages still name files by the links that lead into /usr. */
export function underUsr(path: string): string {
  return path.replace(/^\/(bin|sbin|lib|lib32|lib64|libx32)\//, '/usr/$1/');
}
