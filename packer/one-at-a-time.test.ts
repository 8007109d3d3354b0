import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(directory, 'image.lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a second bake is refused while the first runs, and let in afterwards', () => {
  {
    using _first = oneAtATime(path);
    expect(() => oneAtATime(path)).toThrow(`another bake runs from this directory (process ${process.pid})`);
  }
  using _second = oneAtATime(path);
  expect(existsSync(path)).toBe(true);
});

test.each([
  ['a process that is gone', '4194305 123'],
  ['an id that another process has now', `${process.pid} 1`],
])('the lock of %s counts for nothing', (_, owner) => {
  writeFileSync(path, owner);
  using _lock = oneAtATime(path);
  expect(existsSync(path)).toBe(true);
});
