import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInSandbox } from './sandbox.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      } catch {
        // It ended while it was looked at.
        return '';
      }
    });
}

test('the only network inside is loopback', async () => {
  const file = join(folder, 'networks');
  expect(await runInSandbox(['sh', '-c', 'cat /proc/net/dev > "$FILE"'], { FILE: file })).toBe(0);
  const networks = readFileSync(file, 'utf8').match(/^\s*\S+(?=:)/gm);
  expect(networks?.map((name) => name.trim())).toEqual(['lo']);
});

test('a failure inside is the exit code, and nothing that was started there goes on', async () => {
  const left = `sleep 98765.${process.pid}`;
  expect(await runInSandbox(['sh', '-c', `${left} & exit 3`], {})).toBe(3);
  expect(commandLines()).not.toContain(left);
});

test('an interrupt ends everything inside and is told', async () => {
  const file = join(folder, 'started');
  const left = `sleep 87654.${process.pid}`;
  const running = runInSandbox(['sh', '-c', `${left} & echo > "$FILE"; wait`], { FILE: file });
  while (!commandLines().includes(left)) await new Promise((resolve) => setTimeout(resolve, 10));
  process.emit('SIGTERM', 'SIGTERM');
  await expect(running).rejects.toThrow('interrupted by SIGTERM');
  expect(commandLines()).not.toContain(left);
});
