import { expect, test } from 'vitest';
import { parseDeb822 } from './deb822.ts';

test('paragraphs are parted by empty lines, names do not depend on case', () => {
  const [first, second] = parseDeb822('Types: deb\nURIs: http://a\n\n \n\ntypes: deb-src\n');
  expect(first?.get('uris')).toBe('http://a');
  expect(second?.get('types')).toBe('deb-src');
});

test('continuation lines belong to the field above them, comments to none', () => {
  const [only] = parseDeb822('Suites: a\n# a comment\n b\nComponents: main\n');
  expect(only?.get('suites')).toBe('a\nb');
  expect(only?.get('components')).toBe('main');
});

test('a text without fields has no paragraph', () => {
  expect(parseDeb822('\n# nothing\n\n')).toEqual([]);
});
