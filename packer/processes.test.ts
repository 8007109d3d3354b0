import { expect, test } from 'vitest';
import { nspawnsOf, startOf } from './processes.ts';

test('a running process has a start that stays the same', () => {
  expect(startOf(process.pid)).toMatch(/^\d+$/);
  expect(startOf(process.pid)).toBe(startOf(process.pid));
});

test('a process that is gone has none', () => {
  expect(startOf(2 ** 22 + 1)).toBeUndefined();
});

test('a machine that does not run has no process', () => {
  expect(nspawnsOf('no-such-machine')).toEqual([]);
});
