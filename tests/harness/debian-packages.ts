import { readFacts } from '../../appliance/index.ts';
import { cached, hostMirrors, sourcesFor, unpackPackage } from '../../packer/index.ts';

/** Suite of the base that is bootstrapped, which may be newer than this machine's. */
function suite(): string {
  const { bases } = readFacts();
  const found = Object.values(bases).find(({ source }) => source.kind === 'bootstrap');
  if (found === undefined) throw new Error('no base of appliance.yaml is bootstrapped');
  return found.suite;
}

/**
 * A directory with what is in a package of Debian 13, unpacked and not installed: programs of that suite on a machine
 * that has another. Kept in .cache.
 */
export async function debianPackage(name: string): Promise<string> {
  const from = suite();
  const { directory } = await cached('unpacked', `${from}-${name}`, async (unfinished) => {
    const mirrors = await hostMirrors();
    const sources = sourcesFor(mirrors, from, mirrors.keyring);
    const { signal } = new AbortController();
    await unpackPackage(name, unfinished, { sources, signal });
  });
  return directory;
}
