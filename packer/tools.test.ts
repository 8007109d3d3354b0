import { expect, test } from 'vitest';
import { missingFrom, packagesFor } from './tools.ts';

test('only packages that are not installed are asked for', () => {
  expect(missingFrom(['zstd', 'git', 'rsync'], new Set(['git']))).toEqual(['zstd', 'rsync']);
});

test.each(Object.entries(packagesFor))(
  'the need %s names each package once, by a Debian package name',
  (_, packages) => {
    expect(new Set(packages).size).toBe(packages.length);
    for (const name of packages) expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
  },
);
