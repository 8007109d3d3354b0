import { expect, test } from 'vitest';
import { requiredBy } from './required-params.ts';

test.each([
  ['nothing', null, []],
  ['metadata that name none', { a: 1 }, []],
  ['an empty list', { enforced_params: [] }, []],
  ['a list', { enforced_params: ['user', 'metadata.cost_center'] }, ['user', 'metadata.cost_center']],
  ['what is no list', { enforced_params: 'user' }, ['enforced_params']],
])('%s', (_title, metadata, expected) => {
  expect(requiredBy(metadata)).toEqual(expected);
});
