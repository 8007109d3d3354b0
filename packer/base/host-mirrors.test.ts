import { expect, test } from 'vitest';
import { BaseUnavailable } from './base.ts';
import { DEBIAN_KEYRING, mirrorsFrom, sourcesFor } from './host-mirrors.ts';

function target(fields: {
  uri: string;
  codename: string;
  label?: string;
  origin?: string;
  sources?: string;
}): string {
  return [
    'MetaKey: main/binary-amd64/Packages',
    `Codename: ${fields.codename}`,
    `Label: ${fields.label ?? 'Debian'}`,
    `Origin: ${fields.origin ?? 'Debian'}`,
    'Component: main',
    `Repo-URI: ${fields.uri}`,
    `Sourcesentry: ${fields.sources ?? '/etc/apt/sources.list'}:1`,
  ].join('\n');
}

const noSources = () => '';
const archive = { uri: 'http://mirror.example/debian/', codename: 'bookworm' };
const updates = { uri: 'http://mirror.example/debian/', codename: 'bookworm-updates' };
const security = {
  uri: 'http://mirror.example/security/',
  codename: 'bookworm-security',
  label: 'Debian-Security',
};
const foreign = { uri: 'http://vendor.example/apt/', codename: 'bookworm', origin: 'Vendor' };

test("main, updates and security are told apart by the archive's own description", () => {
  const targets = [foreign, security, updates, archive].map(target).join('\n\n');
  expect(mirrorsFrom(targets, noSources)).toEqual({
    main: 'http://mirror.example/debian',
    updates: 'http://mirror.example/debian',
    security: 'http://mirror.example/security',
    keyring: DEBIAN_KEYRING,
  });
});

test('a host without updates and security gives a machine without them', () => {
  expect(mirrorsFrom(target(archive), noSources)).toEqual({
    main: 'http://mirror.example/debian',
    keyring: DEBIAN_KEYRING,
  });
});

test.each([
  ['deb822', 'Types: deb\nSigned-By: /etc/apt/keyrings/own.gpg\n'],
  [
    'one line',
    'deb [arch=amd64 signed-by=/etc/apt/keyrings/own.gpg] http://mirror.example/debian bookworm main\n',
  ],
])('the keyring is the one that the sources file in %s format names', (_, text) => {
  expect(mirrorsFrom(target(archive), () => text).keyring).toBe('/etc/apt/keyrings/own.gpg');
});

test('a keyring that is only named in a comment is not taken', () => {
  expect(mirrorsFrom(target(archive), () => '# Signed-By: /etc/own.gpg\n').keyring).toBe(DEBIAN_KEYRING);
});

test('a machine without a Debian archive cannot bootstrap Debian', () => {
  expect(() => mirrorsFrom(target(foreign), noSources)).toThrow(BaseUnavailable);
});

test('the sources of the machine name its own suite at the mirrors of the host', () => {
  const mirrors = mirrorsFrom([archive, updates, security].map(target).join('\n\n'), noSources);
  expect(sourcesFor(mirrors, 'trixie', DEBIAN_KEYRING)).toBe(
    [
      'Types: deb',
      'URIs: http://mirror.example/debian',
      'Suites: trixie trixie-updates',
      'Components: main',
      `Signed-By: ${DEBIAN_KEYRING}`,
      '',
      'Types: deb',
      'URIs: http://mirror.example/security',
      'Suites: trixie-security',
      'Components: main',
      `Signed-By: ${DEBIAN_KEYRING}`,
      '',
    ].join('\n'),
  );
});
