import { expect, test } from 'vitest';
import { sha256, sha256OfFile } from '../../packer/index.ts';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { strayFiles } from './stray-files.ts';

/** A document that has hashes of these files. */
function sbomOf(files: Readonly<Record<string, string>>): string {
  const components = Object.entries(files).map(([path, content]) => ({
    hashes: [{ alg: 'SHA-256', content: sha256(content) }],
    properties: [{ name: 'appliance:path', value: path }],
  }));
  return JSON.stringify({ components });
}

const PROGRAM = 'export {};\n';
const sbom = sbomOf({ '/opt/litellm/gateway.mjs': PROGRAM });

/** A tree in which everything that can run is accounted for. */
function cleanTree(): SmallTree {
  const tree = new SmallTree();
  tree.install('coreutils', '9-1', { lists: ['/bin/true', '/usr/bin', '/usr/bin/false'] });
  tree.program('/usr/bin/true');
  tree.program('/usr/bin/false', '/usr/bin/false');
  tree.write('/opt/litellm/gateway.mjs', PROGRAM);
  tree.write('/etc/settings', 'nothing that runs');
  tree.write('/usr/share/doc/example', '#!/bin/sh\nnot executable\n');
  tree.link('/usr/local/bin/yes', '/usr/bin/true');
  return tree;
}

const strayPaths = async (tree: SmallTree): Promise<string[]> =>
  (await strayFiles(tree.path, sbom)).map(({ path }) => path);

test('a tree in which all that runs is accounted for has no strays', async () => {
  using tree = cleanTree();
  expect(await strayFiles(tree.path, sbom)).toEqual([]);
});

test.each([
  [
    'an ELF file among the programs',
    '/usr/local/bin/miner',
    (tree: SmallTree) => tree.program('/usr/local/bin/miner'),
  ],
  [
    'an ELF file without a program’s mode or name',
    '/var/lib/.cache',
    (tree: SmallTree) => tree.program('/var/lib/.cache'),
  ],
  [
    'a bundle that nobody knows',
    '/opt/litellm/other.mjs',
    (tree: SmallTree) => tree.write('/opt/litellm/other.mjs', PROGRAM),
  ],
  [
    'a script that may be run',
    '/etc/cron.daily/job',
    (tree: SmallTree) => tree.write('/etc/cron.daily/job', '#!/bin/sh\n', 0o755),
  ],
])('%s is found', async (_, path, plant) => {
  using tree = cleanTree();
  plant(tree);
  expect(await strayFiles(tree.path, sbom)).toEqual([
    { path, why: expect.stringContaining('is of no package and not in the SBOM') },
  ]);
});

test('a bundle that was changed is found', async () => {
  using tree = cleanTree();
  tree.write('/opt/litellm/gateway.mjs', `${PROGRAM}// and more\n`);
  expect(await strayFiles(tree.path, sbom)).toEqual([
    {
      path: '/opt/litellm/gateway.mjs',
      why: 'this JavaScript program is not the one whose hash is in the SBOM',
    },
  ]);
});

test('a known program at another place is a stray there', async () => {
  using tree = cleanTree();
  tree.write('/tmp/gateway.mjs', PROGRAM);
  expect(await strayPaths(tree)).toEqual(['/tmp/gateway.mjs']);
});

test('a diverted file belongs to its package where it was moved to, and not where it was', async () => {
  using tree = cleanTree();
  tree.install('dash', '1-1', { lists: ['/usr/bin/sh'] });
  tree.install('other', '1-1', { lists: [] });
  tree.write('/var/lib/dpkg/diversions', '/usr/bin/sh\n/usr/bin/sh.distrib\nother\n');
  tree.program('/usr/bin/sh.distrib');
  expect(await strayPaths(tree)).toEqual([]);
  tree.program('/usr/bin/sh');
  expect(await strayPaths(tree)).toEqual(['/usr/bin/sh']);
});

test('who diverts keeps its own file of that name', async () => {
  using tree = cleanTree();
  tree.install('other', '1-1', { lists: ['/usr/bin/sh'] });
  tree.write('/var/lib/dpkg/diversions', '/usr/bin/sh\n/usr/bin/sh.distrib\nother\n');
  tree.program('/usr/bin/sh');
  expect(await strayPaths(tree)).toEqual([]);
});

test('maintainer scripts belong to the packages that are installed, and to no others', async () => {
  using tree = cleanTree();
  tree.write('/var/lib/dpkg/info/coreutils.postinst', '#!/bin/sh\n', 0o755);
  tree.write('/var/lib/dpkg/info/gone.postinst', '#!/bin/sh\n', 0o755);
  expect(await strayPaths(tree)).toEqual(['/var/lib/dpkg/info/gone.postinst']);
});

test('a module of GRUB below /boot is the package’s as long as it is the same', async () => {
  using tree = cleanTree();
  tree.install('grub-pc-bin', '2-1', {
    lists: ['/usr/lib/grub/i386-pc/ls.mod', '/usr/lib/grub/i386-pc/tar.mod'],
  });
  for (const directory of ['/usr/lib/grub', '/boot/grub'])
    for (const name of ['ls', 'tar']) tree.program(`${directory}/i386-pc/${name}.mod`);
  expect(await strayPaths(tree)).toEqual([]);
  tree.program('/boot/grub/i386-pc/tar.mod', '/usr/bin/false');
  expect(await strayPaths(tree)).toEqual(['/boot/grub/i386-pc/tar.mod']);
});

test('the planted programs are real ones', async () => {
  using tree = cleanTree();
  const original = await sha256OfFile('/usr/bin/true');
  expect(await sha256OfFile(`${tree.path}/usr/bin/true`)).toBe(original);
});
