import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { which } from 'zx';
import { cached } from '../cache.ts';
import type { Work } from '../command.ts';
import { sha256OfTree } from '../hash.ts';
import type { Packer } from '../packer.ts';
import { places } from '../places.ts';
import { programFailure, shellFor } from '../shell.ts';
import { ensurePackages } from '../tools.ts';

const modules = fileURLToPath(new URL('go', import.meta.url));
const PLUGINS = ['ansible', 'qemu'];

/**
 * Packer and its plugins at the versions of packer/tools/go, for distributions that package none; about ten minutes
 * the first time. The template is the usual one with the list of plugins beside it, which the packaged one refuses.
 */
export async function buildPacker({ log, signal }: Work): Promise<Packer> {
  const id = sha256OfTree(modules).slice(0, 16);
  const { directory } = await cached('tools', `packer-${id}`, (unfinished) =>
    log.step('build Packer and its plugins from source', () => build(unfinished)),
  );
  const environment = {
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: `${places.cache}/packer`,
    PACKER_PLUGIN_PATH: `${directory}/plugins`,
  };
  const template = `${places.cache}/packer-template`;
  linkTemplate(template);
  return { path: `${directory}/packer`, template, environment };

  async function build(unfinished: string): Promise<void> {
    if ((await which('go', { nothrow: true })) === null) await ensurePackages(['golang-go']);
    const shell = shellFor(signal, { env: { ...process.env, CHECKPOINT_DISABLE: '1' } });
    try {
      await compile('packer', 'github.com/hashicorp/packer');
      for (const plugin of PLUGINS) {
        const source = `github.com/hashicorp/packer-plugin-${plugin}`;
        await compile(`packer-plugin-${plugin}`, source, ['-X', `${source}/version.VersionPrerelease=`]);
        const at = shellFor(signal, { env: { ...process.env, PACKER_PLUGIN_PATH: `${unfinished}/plugins` } });
        const program = `${unfinished}/packer-plugin-${plugin}`;
        await at`${unfinished}/packer plugins install --path ${program} github.com/hashicorp/${plugin}`;
      }
    } catch (error) {
      throw programFailure(
        error,
        'see that Go is at least 1.21 and reaches its module proxy, then run again',
      );
    }

    async function compile(name: string, source: string, symbols: string[] = []): Promise<void> {
      const module = `${unfinished}/go-${name}`;
      mkdirSync(module);
      for (const file of ['go.mod', 'go.sum'])
        copyFileSync(`${modules}/${name}/${file}`, `${module}/${file}`);
      const flags = [
        '-mod=readonly',
        '-buildvcs=false',
        '-trimpath',
        '-ldflags',
        ['-s', '-w', ...symbols].join(' '),
      ];
      await log.step(`compile ${name}`, async () => {
        await shell({ cwd: module })`go build ${flags} -o ${unfinished}/${name} ${source}`;
      });
    }
  }
}

function linkTemplate(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const template = `${places.packer}/template`;
  for (const name of readdirSync(template)) symlinkSync(`${template}/${name}`, `${directory}/${name}`);
  symlinkSync(`${modules}/plugins.pkr.hcl`, `${directory}/plugins.pkr.hcl`);
}
