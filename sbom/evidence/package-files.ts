import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { underUsr } from '../../operator/index.ts';

interface Diversion {
  readonly from: string;
  readonly to: string;
  /** The package whose file lies at `from`. */
  readonly by: string;
}

/** Which package each file of a root tree belongs to, by dpkg's lists and, for some settings, by ucf's. */
export function readOwners(tree: string): ReadonlyMap<string, string> {
  const info = join(tree, 'var/lib/dpkg/info');
  const diverted = new Map(readDiversions(tree).map((diversion) => [diversion.from, diversion]));
  const owners = new Map<string, string>();
  for (const file of readdirSync(info).filter((name) => name.endsWith('.list'))) {
    const name = file.replace(/(:[a-z0-9]+)?\.list$/, '');
    for (const line of readFileSync(join(info, file), 'utf8').split('\n')) {
      const path = underUsr(line);
      const diversion = diverted.get(path);
      owners.set(diversion === undefined || diversion.by === name ? path : diversion.to, name);
    }
  }
  for (const [path, name] of readUcfRegistry(tree)) owners.set(path, name);
  return owners;
}

function readDiversions(tree: string): Diversion[] {
  const lines = linesOf(join(tree, 'var/lib/dpkg/diversions'));
  return lines.flatMap((from, index) =>
    index % 3 === 0
      ? [{ from: underUsr(from), to: underUsr(lines[index + 1] ?? ''), by: lines[index + 2] ?? '' }]
      : [],
  );
}

function readUcfRegistry(tree: string): [string, string][] {
  return linesOf(join(tree, 'var/lib/ucf/registry')).flatMap((line) => {
    const [, name, path] = /^(\S+)\s+(\/\S+)$/.exec(line) ?? [];
    return name === undefined || path === undefined ? [] : [[path, name]];
  });
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}
