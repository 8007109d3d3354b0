import { expect, test } from 'vitest';
import { chain, migrations } from './migrations.ts';

test('the shipped migrations begin at one and ascend', () => {
  const numbers = migrations.map(({ number }) => number);
  expect(numbers[0]).toBe(1);
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
});

test('a number that was left out is no fault', () => {
  expect(chain({ '0001-a.sql': '', '0003-c.sql': '' }).map(({ number }) => number)).toEqual([1, 3]);
});

test('a change in one migration changes its hash and all that follow', () => {
  const texts = { '0001-a.sql': 'A', '0002-b.sql': 'B', '0003-c.sql': 'C' };
  const before = chain(texts).map(({ hash }) => hash);
  const after = chain({ ...texts, '0002-b.sql': 'B ' }).map(({ hash }) => hash);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect(after[2]).not.toBe(before[2]);
});

test.each([
  ['a number used twice', { '0001-a.sql': '', '0001-b.sql': '' }],
  ['no number', { 'a.sql': '' }],
])('%s is refused', (_title, texts) => {
  expect(() => chain(texts)).toThrow(/must have a number/);
});
