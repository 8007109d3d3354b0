import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLeftover } from './leftover.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pid-'));
  path = join(directory, 'vm.pid');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a machine that carries the file in its command line is ended', async () => {
  const machine = spawn('sh', ['-c', 'sleep 60; true', path]);
  await once(machine, 'spawn');
  writeFileSync(path, `${machine.pid}\n`);
  endLeftover(path);
  const [, signal] = await once(machine, 'exit');
  expect(signal).toBe('SIGKILL');
  expect(existsSync(path)).toBe(false);
});

test('another process that has got the same id is left alone', () => {
  writeFileSync(path, `${process.pid}\n`);
  endLeftover(path);
  expect(existsSync(path)).toBe(false);
});

test('without a file there is nothing to do', () => {
  expect(() => endLeftover(path)).not.toThrow();
});
