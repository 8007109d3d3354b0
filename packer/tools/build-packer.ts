import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { which } from 'zx';
import { cached } from '../cache.ts';
import type { Work } from '../command.ts';
import { sha256, sha256OfTree } from '../hash.ts';
import type { Packer } from '../packer.ts';
import { places } from '../places.ts';
import { programFailure, shellFor } from '../shell.ts';
import { ensurePackages } from '../tools.ts';

/** One Go module for all of them: what they share is compiled once. */
const module = fileURLToPath(new URL('go', import.meta.url));
/** Whose repository each plugin comes from; the module says at which version. */
const OWNERS = {
  amazon: 'hashicorp',
  ansible: 'hashicorp',
  azure: 'hashicorp',
  digitalocean: 'digitalocean',
  googlecompute: 'hashicorp',
  qemu: 'hashicorp',
} as const;
/** What the template for this machine is played with, and what the sources of the clouds are. */
const HERE = ['ansible', 'qemu'] as const;
const CLOUDS = ['amazon', 'ansible', 'azure', 'digitalocean', 'googlecompute'] as const;

/**
 * Packer and its plugins at the versions of packer/tools/go, for distributions that package none; some minutes the
 * first time. The template is the usual one with the list of plugins beside it, which the packaged one refuses.
 */
export async function buildPacker(work: Work): Promise<Packer> {
  const built = await buildPrograms(HERE, work);
  const template = `${places.cache}/packer-template`;
  linkTemplate(template);
  return { ...built, template };
}

/** The same with the plugins of the clouds, for the sources of packer/marketplace. */
export async function buildCloudPacker(work: Work): Promise<Packer> {
  return { ...(await buildPrograms(CLOUDS, work)), template: `${places.packer}/marketplace` };
}

async function buildPrograms(
  plugins: readonly (keyof typeof OWNERS)[],
  work: Work,
): Promise<Omit<Packer, 'template'>> {
  const { log, signal } = work;
  const packer = await compiled('packer', 'github.com/hashicorp/packer', [], work);
  const programs: { plugin: (typeof plugins)[number]; directory: string }[] = [];
  for (const plugin of plugins) {
    const source = `github.com/${OWNERS[plugin]}/packer-plugin-${plugin}`;
    const symbols = ['-X', `${source}/version.VersionPrerelease=`];
    programs.push({ plugin, directory: await compiled(`packer-plugin-${plugin}`, source, symbols, work) });
  }
  const id = sha256([packer, ...programs.map(({ directory }) => directory)].join('\n')).slice(0, 16);
  const { directory } = await cached('tools', `packer-plugins-${id}`, async (unfinished) => {
    const shell = shellFor(signal, {
      env: { ...process.env, CHECKPOINT_DISABLE: '1', PACKER_PLUGIN_PATH: unfinished },
    });
    for (const { plugin, directory: from } of programs) {
      const program = `${from}/packer-plugin-${plugin}`;
      const source = `github.com/${OWNERS[plugin]}/${plugin}`;
      await log.step(`install the plugin ${plugin}`, async () => {
        await shell`${packer}/packer plugins install --path ${program} ${source}`;
      });
    }
  });
  const environment = {
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: `${places.cache}/packer`,
    PACKER_PLUGIN_PATH: directory,
  };
  return { path: `${packer}/packer`, environment };
}

/** The directory with the program `name`, compiled where that is not done. */
async function compiled(
  name: string,
  source: string,
  symbols: readonly string[],
  { log, signal }: Work,
): Promise<string> {
  const id = sha256OfTree(module).slice(0, 16);
  const { directory } = await cached('tools', `${name}-${id}`, (unfinished) =>
    log.step(`compile ${name}`, () => compile(unfinished)),
  );
  return directory;

  async function compile(unfinished: string): Promise<void> {
    if ((await which('go', { nothrow: true })) === null) await ensurePackages(['golang-go']);
    const ldflags = ['-s', '-w', ...symbols].join(' ');
    // They run for moments and take minutes to compile: a fifth less without optimisation and the debugger's tables.
    const gcflags = 'all=-N -l -dwarf=false';
    const reproducible = ['-mod=readonly', '-buildvcs=false', '-trimpath'];
    const flags = [...reproducible, '-gcflags', gcflags, '-ldflags', ldflags];
    // The compiler's own memory is collected seldom: a quarter less of the processor, within what a small machine has.
    const env = { ...process.env, GOGC: '400', GOMEMLIMIT: '2GiB' };
    try {
      await shellFor(signal, { cwd: module, env })`go build ${flags} -o ${unfinished}/${name} ${source}`;
    } catch (error) {
      throw programFailure(
        error,
        'see that Go is at least 1.21 and reaches its module proxy, then run again',
      );
    }
  }
}

function linkTemplate(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const template = `${places.packer}/template`;
  for (const name of readdirSync(template)) symlinkSync(`${template}/${name}`, `${directory}/${name}`);
  symlinkSync(`${module}/plugins.pkr.hcl`, `${directory}/plugins.pkr.hcl`);
}
