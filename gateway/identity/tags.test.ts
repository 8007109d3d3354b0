import { expect, test } from 'vitest';
import { tagsIn } from './tags.ts';

test.each([
  ['tags', { tags: ['red', 'blue'] }, ['red', 'blue']],
  ['what is no tag among them', { tags: ['red', 7, '', null, 'x'.repeat(257), 'nul\u0000'] }, ['red']],
  ['tags that are no list', { tags: 'red' }, []],
  ['metadata without tags', { cost: 7 }, []],
  ['no metadata', null, []],
  ['metadata that are a text', 'tags', []],
])('%s: read as far as it can be', (_title, metadata, tags) => {
  expect(tagsIn(metadata)).toEqual(tags);
});
