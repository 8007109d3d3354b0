import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The regular files of a root file system that are not, byte for byte, what a Debian package brought: made by us, by a
 * program in the build, or changed since. A secret of ours can be in these only. Configuration files count as ours.
 */
export async function ownFiles(tree: string): Promise<string[]> {
  const packaged = packagedDigests(tree);
  const own: string[] = [];
  for (const path of filesBelow(tree)) {
    const digest = packaged.get(path);
    if (digest === undefined || digest !== (await md5(`${tree}${path}`))) own.push(path);
  }
  return own;
}

/** MD5 is what dpkg keeps; here it says whether a file is the package's, not whether somebody forged it. */
async function md5(file: string): Promise<string> {
  return createHash('md5')
    .update(await readFile(file))
    .digest('hex');
}

function packagedDigests(tree: string): Map<string, string> {
  const info = `${tree}/var/lib/dpkg/info`;
  const digests = new Map<string, string>();
  if (!existsSync(info)) return digests;
  for (const name of readdirSync(info).filter((file) => file.endsWith('.md5sums'))) {
    for (const line of readFileSync(join(info, name), 'utf8').split('\n')) {
      const [, digest, path] = /^([0-9a-f]{32}) {2}(.+)$/.exec(line) ?? [];
      if (digest !== undefined) digests.set(`/${path}`, digest);
    }
  }
  return digests;
}

/** Regular files below a directory, by their path from it. Links are not followed, which Node's own listing would do. */
export function filesBelow(directory: string, below = ''): string[] {
  return readdirSync(`${directory}${below}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${below}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(directory, path);
    return entry.isFile() ? [path] : [];
  });
}
