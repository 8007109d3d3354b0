import { expect, test } from 'vitest';
import { licencesFrom, spdxOf } from './licence.ts';

test.each([
  ['Expat', 'MIT'],
  ['BSD-3-clause', 'BSD-3-Clause'],
  ['GPL-2+', 'GPL-2.0-or-later'],
  ['GPL-2', 'GPL-2.0-only'],
  ['GPL-2.0-or-later', 'GPL-2.0-or-later'],
  ['LGPLv2.1+', 'LGPL-2.1-or-later'],
  ['AGPL-3', 'AGPL-3.0-only'],
  ['zlib', 'Zlib'],
  ['GPL-3+ with Bison exception', 'GPL-3.0-or-later WITH Bison-exception-2.2'],
  ['GPL-2 with Linux-syscall-note exception', 'GPL-2.0-only WITH Linux-syscall-note'],
  ['GPL-2+ or BSD-3-clause and ISC', 'GPL-2.0-or-later OR BSD-3-Clause AND ISC'],
])('%s is surely %s', (name, spdx) => {
  expect(spdxOf(name)).toBe(spdx);
});

test.each([
  'MIT',
  'X11',
  'GPL',
  'GPL-2.1',
  'LGPL',
  'public-domain',
  'Artistic',
  'GPL-2+ with OpenSSL exception',
  'GPL-1+ or Artistic',
  'GPL-2+ or AFL-2.1, and Expat',
])('%s is not sure enough for an SPDX identifier', (name) => {
  expect(spdxOf(name)).toBeUndefined();
});

test('licences of which each is one are identifiers, each once', () => {
  expect(licencesFrom(['Expat', 'GPL-2+', 'Expat', 'GPLv2+'])).toEqual([
    { id: 'MIT' },
    { id: 'GPL-2.0-or-later' },
  ]);
});

test('a choice among known ones makes one expression of all', () => {
  expect(licencesFrom(['Expat', 'GPL-2+ or BSD-2-clause', 'Expat and ISC'])).toEqual([
    { expression: 'MIT AND (GPL-2.0-or-later OR BSD-2-Clause) AND ISC' },
  ]);
});

test('what is not sure keeps its name, and does not spoil what is', () => {
  expect(licencesFrom(['ISC', 'public-domain', 'GPL-2+ or ISC'])).toEqual([
    { id: 'ISC' },
    { name: 'public-domain' },
    { name: 'GPL-2+ or ISC' },
  ]);
});

test('a text in the place of a name is not taken for a name', () => {
  const text =
    'Permission is hereby granted, free of charge, to any person obtaining a copy of this software and';
  expect(licencesFrom([text, ''])).toEqual([]);
});
