import { expect, test } from 'vitest';
import { withModels, withoutModels } from './team-models.ts';

test.each([
  ['is added once', ['a'], ['b', 'a'], ['a', 'b']],
  ['leaves a team that may call everything as it is, by name', [], ['b'], ['all-proxy-models', 'b']],
])('a model %s', (_title, models, added, expected) => {
  expect(withModels(models, added)).toEqual(expected);
});

test.each([
  ['is taken away', ['a', 'b'], ['b'], ['a']],
  ['that is not there takes nothing away', ['a'], ['b'], ['a']],
  [
    'that is the last one leaves none, where an empty list would mean all',
    ['a'],
    ['a'],
    ['no-default-models'],
  ],
])('a model %s', (_title, models, gone, expected) => {
  expect(withoutModels(models, gone)).toEqual(expected);
});

test('nothing can be taken away from a team that may call everything', () => {
  expect(() => withoutModels([], ['a'])).toThrow(/give it the list/);
});
