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

/** Never aborts. */
const forever = new AbortController().signal;

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
  expect(await runInSandbox(['sh', '-c', 'cat /proc/net/dev > "$FILE"'], { FILE: file }, forever)).toBe(0);
  const networks = readFileSync(file, 'utf8').match(/^\s*\S+(?=:)/gm);
  expect(networks?.map((name) => name.trim())).toEqual(['lo']);
});

test('a failure inside is the exit code, and nothing that was started there goes on', async () => {
  const left = `sleep 98765.${process.pid}`;
  expect(await runInSandbox(['sh', '-c', `${left} & exit 3`], {}, forever)).toBe(3);
  expect(commandLines()).not.toContain(left);
});

test('an interrupt ends everything inside and is told', async () => {
  const controller = new AbortController();
  const left = `sleep 87654.${process.pid}`;
  const running = runInSandbox(['sh', '-c', `${left} & wait`], {}, controller.signal);
  while (!commandLines().includes(left)) await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  expect(commandLines()).not.toContain(left);
});
