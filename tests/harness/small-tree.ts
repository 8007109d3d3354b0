import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';

/** A package of a small tree: its dpkg paragraph beyond name, version and state, and the files it lists. */
export interface SmallPackage {
  readonly fields?: Readonly<Record<string, string>>;
  readonly lists: readonly string[];
}

/** A root tree with a dpkg database and merged /usr, for what reads trees; gone when its scope ends. */
export class SmallTree implements Disposable {
  readonly path = mkdtempSync(`${tmpdir()}/tree-`);
  #status = '';

  constructor() {
    for (const directory of ['bin', 'lib']) this.link(`/${directory}`, `usr/${directory}`);
    this.write('/usr/bin/.keep', '');
    this.write(
      '/usr/lib/os-release',
      'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n',
    );
    this.link('/etc/os-release', '../usr/lib/os-release');
    this.write('/var/lib/dpkg/diversions', '');
    this.write('/var/lib/dpkg/status', '');
  }

  /** Writes a file, with the folders that lead to it; returns its path on this machine. */
  write(path: string, content: string | Uint8Array, mode = 0o644): string {
    const file = this.#make(path);
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  }

  /** Puts a real program of this machine into the tree: an ELF file. */
  program(path: string, original = '/usr/bin/true'): void {
    copyFileSync(original, this.#make(path));
  }

  link(path: string, target: string): void {
    symlinkSync(target, this.#make(path));
  }

  /** Lets dpkg hold a package for installed. Its files are not made. */
  install(name: string, version: string, { fields = {}, lists }: SmallPackage): void {
    const told = {
      Package: name,
      Status: 'install ok installed',
      Version: version,
      Architecture: 'amd64',
      ...fields,
    };
    this.#status += `${Object.entries(told)
      .map(([field, value]) => `${field}: ${value}\n`)
      .join('')}\n`;
    this.write('/var/lib/dpkg/status', this.#status);
    this.write(`/var/lib/dpkg/info/${name}.list`, `/.\n${lists.map((path) => `${path}\n`).join('')}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }

  #make(path: string): string {
    const file = `${this.path}${path}`;
    mkdirSync(dirname(file), { recursive: true });
    return file;
  }
}
