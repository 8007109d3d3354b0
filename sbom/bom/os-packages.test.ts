import { expect, test } from 'vitest';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { distributionOf, osPackages } from './os-packages.ts';

test('a package names its source, and is its own where it names none', () => {
  using tree = new SmallTree();
  tree.install('libssl3', '3.5-1+b1', { fields: { Source: 'openssl (3.5-1)' }, lists: [] });
  tree.install('libz1', '1.2-1', { fields: { Source: 'zlib' }, lists: [] });
  tree.install('sed', '4.9-2', { lists: [] });
  expect(osPackages(tree.path).map(({ source }) => source)).toEqual([
    { name: 'openssl', version: '3.5-1' },
    { name: 'zlib', version: '1.2-1' },
    { name: 'sed', version: '4.9-2' },
  ]);
});

test('a package that was removed and left its settings is not listed', () => {
  using tree = new SmallTree();
  tree.install('gone', '1-1', { fields: { Status: 'deinstall ok config-files' }, lists: [] });
  tree.install('sed', '4.9-2', {
    fields: {
      Maintainer: 'Someone',
      Description: 'stream editor\n and more',
      Homepage: 'https://sed.example/',
    },
    lists: [],
  });
  expect(osPackages(tree.path)).toMatchObject([
    {
      name: 'sed',
      version: '4.9-2',
      architecture: 'amd64',
      summary: 'stream editor',
      maintainer: 'Someone',
      homepage: 'https://sed.example/',
    },
  ]);
});

test('the distribution is what os-release says', () => {
  using tree = new SmallTree();
  expect(distributionOf(tree.path)).toEqual({
    id: 'debian',
    version: '13',
    title: 'Debian GNU/Linux 13 (trixie)',
  });
});

test('a distribution without a version is refused, and the line named', () => {
  using tree = new SmallTree();
  tree.write('/usr/lib/os-release', 'ID=debian\nPRETTY_NAME=sid\n');
  expect(() => distributionOf(tree.path)).toThrow('/etc/os-release does not say VERSION_ID');
});
