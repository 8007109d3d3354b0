import { expect, test } from 'vitest';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { licenceNames } from './copyright.ts';

const FORMAT = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/';

test('the names are those of the files, without the texts and without licences that no file has', () => {
  using tree = new SmallTree();
  tree.write(
    '/usr/share/doc/a/copyright',
    `${FORMAT}\nLicense: Expat\n\nFiles: *\nLicense: GPL-2+\n With its words.\n\nLicense: BSD-3-clause\n Words.\n`,
  );
  expect(licenceNames(tree.path, 'a')).toEqual(['Expat', 'GPL-2+']);
});

test('a package that shares the documents of another has its licences', () => {
  using tree = new SmallTree();
  tree.write('/usr/share/doc/gcc-base/copyright', `${FORMAT}\n\nFiles: *\nLicense: GPL-3+\n`);
  tree.link('/usr/share/doc/libgcc', 'gcc-base');
  expect(licenceNames(tree.path, 'libgcc')).toEqual(['GPL-3+']);
});

test.each([
  ['written for people', 'This package was debianized by hand.\n\nLicense: perhaps GPL-2\n'],
  ['of another format', 'Format: https://example.org/licences\n\nFiles: *\nLicense: GPL-2\n'],
])('a copyright file %s says nothing to a machine', (_, text) => {
  using tree = new SmallTree();
  tree.write('/usr/share/doc/a/copyright', text);
  expect(licenceNames(tree.path, 'a')).toEqual([]);
});

test('a package without a copyright file has no known licence', () => {
  using tree = new SmallTree();
  expect(licenceNames(tree.path, 'a')).toEqual([]);
});
