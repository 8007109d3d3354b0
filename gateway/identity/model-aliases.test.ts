import { expect, test } from 'vitest';
import { meantModel, readAliases } from './model-aliases.ts';

const key = readAliases({ fast: 'small', best: 'large' });
const team = readAliases({ small: 'small-2', cheap: 'small-1' });

test.each([
  ['the key’s', 'best', 'large'],
  ['the team’s', 'cheap', 'small-1'],
  ['the key’s, and then the team’s', 'fast', 'small-2'],
  ['nobody’s', 'other', 'other'],
  ['no alias, though every object has it,', 'constructor', 'constructor'],
])('%s name is what is meant', (_title, name, meant) => {
  expect(meantModel(name, { key, team })).toBe(meant);
});

test.each([[null], ['text'], [[1]], [{ fast: 7, slow: '' }]])('%j holds no aliases', (stored) => {
  expect(Object.keys(readAliases(stored))).toEqual([]);
});
