import { expect, test } from 'vitest';
import { parseStat, readProcesses, usageOf } from './proc.ts';

const stat = (pid: number, parent: number, name = 'node'): string =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194560 100 0 0 0 30 12 5 3 20 0 11 0 1234 99999744 2500 18446744073709551615 1 1\n`;

test('user and system time count, with those of children that have ended', () => {
  expect(parseStat(stat(7, 1))).toEqual({ pid: 7, parent: 1, cpuMs: 500, residentBytes: 10_240_000 });
});

test('a name with brackets and spaces shifts no field', () => {
  expect(parseStat(stat(7, 3, 'a) S 99 (b'))).toEqual(parseStat(stat(7, 3)));
});

test('a tree is its root and everything below it, and nothing beside it', () => {
  const all = [stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 1)].map(parseStat);
  expect(usageOf([2], all)).toEqual({ cpuMs: 1000, residentBytes: 20_480_000 });
  expect(usageOf([], all)).toEqual({ cpuMs: 0, residentBytes: 0 });
});

test('the process that asks is among those that are read', () => {
  const own = readProcesses().find(({ pid }) => pid === process.pid);
  expect(own?.parent).toBe(process.ppid);
  expect(own?.residentBytes).toBeGreaterThan(1_000_000);
});
