import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Sandbox } from './sandbox.ts';

test('what a program writes to system directories stays in the sandbox', async () => {
  await using sandbox = await Sandbox.create();
  for (const path of [
    '/etc/sandbox-mark',
    '/var/lib/sandbox-mark',
    '/usr/share/sandbox-mark',
    '/usr/local/share/sandbox-mark',
    '/run/sandbox-mark',
  ]) {
    await sandbox.run(['touch', path]);
    expect(existsSync(sandbox.path(path))).toBe(true);
    expect(existsSync(path)).toBe(false);
  }
});

test('a file of this machine is there and may be changed', async () => {
  await using sandbox = await Sandbox.create();
  const before = readFileSync('/etc/hosts', 'utf8');
  expect(readFileSync(sandbox.path('/etc/hosts'), 'utf8')).toBe(before);
  writeFileSync(sandbox.path('/etc/hosts'), 'changed');
  expect(await sandbox.run(['cat', '/etc/hosts'])).toBe('changed');
  expect(readFileSync('/etc/hosts', 'utf8')).toBe(before);
});

test('a program that failed is told with what it printed', async () => {
  await using sandbox = await Sandbox.create();
  await expect(sandbox.run(['ls', '/nowhere'])).rejects.toThrow(/ls \/nowhere: exit code 2\n.*No such file/);
});

test('programs end with the sandbox', async () => {
  const sandbox = await Sandbox.create();
  const program = sandbox.start(['sleep', 'infinity']);
  const netns = `/run/netns/${sandbox.network.namespace}`;
  expect(existsSync(netns)).toBe(true);
  await sandbox[Symbol.asyncDispose]();
  await program.ended();
  expect(existsSync(netns)).toBe(false);
});

test('a signal reaches the program itself', async () => {
  await using sandbox = await Sandbox.create();
  const program = sandbox.start([
    'sh',
    '-c',
    'trap "echo heard; exit 7" TERM; echo up; while :; do sleep 0.1; done',
  ]);
  await expect.poll(() => program.output).toBe('up\n');
  program.signal('SIGTERM');
  expect(await program.ended()).toBe(7);
  expect(program.output).toContain('heard');
});
