import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLeftover, pidFileIn } from './leftover.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pid-'));
  path = pidFileIn(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a machine that carries the file in its command line is ended', async () => {
  const machine = spawn('sh', ['-c', 'sleep 60; true', path]);
  await once(machine, 'spawn');
  writeFileSync(path, `${machine.pid}\n`);
  endLeftover(directory);
  const [, signal] = await once(machine, 'exit');
  expect(signal).toBe('SIGKILL');
  expect(existsSync(path)).toBe(false);
});

test('the machine of another build is left alone', async () => {
  const other = mkdtempSync(join(tmpdir(), 'pid-'));
  const machine = spawn('sh', ['-c', 'sleep 60; true', pidFileIn(other)]);
  await once(machine, 'spawn');
  writeFileSync(pidFileIn(other), `${machine.pid}\n`);
  endLeftover(directory);
  expect(machine.kill('SIGTERM')).toBe(true);
  expect(await once(machine, 'exit')).toEqual([null, 'SIGTERM']);
  rmSync(other, { recursive: true });
});

test('another process that has got the same id is left alone', () => {
  writeFileSync(path, `${process.pid}\n`);
  endLeftover(directory);
  expect(existsSync(path)).toBe(false);
});

test('without a file there is nothing to do', () => {
  expect(() => endLeftover(directory)).not.toThrow();
});
