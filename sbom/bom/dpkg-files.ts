import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

const INFO = '/var/lib/dpkg/info';
const DIVERSIONS = '/var/lib/dpkg/diversions';
/** Directories that became links into /usr; packages name files by either. */
const MERGED = /^\/(?:bin|sbin|lib|lib32|lib64|libx32)(?=\/|$)/;
const SCRIPT = /\.(?:preinst|postinst|prerm|postrm|config)$/;

/**
 * Every path that belongs to an installed package: what dpkg's lists name, at the place it was diverted to where another
 * package diverts it, and the package's own maintainer scripts, which dpkg keeps and does not list.
 */
export function dpkgFiles(tree: string): Set<string> {
  const unified = unifierFor(tree);
  const diverted = diversions(tree);
  const owned = new Set<string>();
  const names = readdirSync(tree + INFO);
  for (const name of names.filter((file) => file.endsWith('.list'))) {
    const owner = name.slice(0, -'.list'.length);
    for (const path of readFileSync(`${tree}${INFO}/${name}`, 'utf8').split('\n')) {
      const diversion = diverted.get(path);
      const stays = diversion === undefined || diversion.by === owner.split(':', 1)[0];
      owned.add(unified(stays ? path : diversion.to));
    }
  }
  const installed = new Set(names);
  for (const script of names.filter((file) => SCRIPT.test(file)))
    if (installed.has(script.replace(SCRIPT, '.list'))) owned.add(`${INFO}/${script}`);
  return owned;
}

interface Diversion {
  readonly to: string;
  /** The package that diverts: its own file of this name stays. */
  readonly by: string;
}

/**
 * dpkg's file of diversions: three lines each, the path, where it goes, and the package that wants it so. dpkg compares
 * the path as a list writes it, so here it is not unified.
 */
function diversions(tree: string): Map<string, Diversion> {
  if (!existsSync(tree + DIVERSIONS)) return new Map();
  const lines = readFileSync(tree + DIVERSIONS, 'utf8').split('\n');
  const found = new Map<string, Diversion>();
  for (let index = 0; index + 2 < lines.length; index += 3) {
    const [from = '', to = '', by = ''] = lines.slice(index, index + 3);
    found.set(from, { to, by });
  }
  return found;
}

/** How a path is written once whatever directory it was named by: /bin/sh and /usr/bin/sh are one file. */
function unifierFor(tree: string): (path: string) => string {
  const linked = new Set(
    readdirSync(tree).filter((name) => {
      const path = `${tree}/${name}`;
      return lstatSync(path).isSymbolicLink() && readlinkSync(path).replace(/^\//, '') === `usr/${name}`;
    }),
  );
  return (path) => {
    const [directory] = MERGED.exec(path) ?? [];
    return directory !== undefined && linked.has(directory.slice(1)) ? `/usr${path}` : path;
  };
}
