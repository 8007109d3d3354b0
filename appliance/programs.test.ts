import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mustRun, ProgramError, runProgram } from './programs.ts';

test('a program answers with its output and exit status', async () => {
  const result = await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 3']);
  expect(result).toEqual({ exitCode: 3, stdout: 'out', stderr: 'err' });
});

test('input reaches the standard input', async () => {
  expect(await mustRun(runProgram, 'cat', [], { input: 'from stdin' })).toBe('from stdin');
});

test('a program without input sees an empty standard input', async () => {
  expect(await mustRun(runProgram, 'cat', [])).toBe('');
});

test('the environment is small and fixed, plus what is named', async () => {
  process.env.SHOULD_NOT_PASS = 'x';
  const output = await mustRun(runProgram, 'env', [], { env: { NAMED: 'y' } });
  const names = output.split('\n').map((line) => line.split('=', 1)[0]);
  expect(names.sort()).toEqual(['LC_ALL', 'NAMED', 'PATH']);
});

test('arguments are never read by a shell', async () => {
  expect(await mustRun(runProgram, 'echo', ['$(id)', '; id'])).toBe('$(id) ; id');
});

test('a failure names the program, its status and its last complaint', async () => {
  const failing = mustRun(runProgram, 'sh', ['-c', 'echo first >&2; echo disk full >&2; exit 4']);
  await expect(failing).rejects.toThrow(ProgramError);
  await expect(failing).rejects.toThrow(/exit status 4: disk full$/);
});

test('a program that does not exist is a ProgramError', async () => {
  await expect(runProgram('no-such-program', [])).rejects.toThrow(/^no-such-program: .*ENOENT/);
});

test('a program that takes too long is ended', async () => {
  await expect(runProgram('sleep', ['60'], { timeoutMs: 50 })).rejects.toThrow('did not end within 0.05 s');
});

test('a shared file is the descriptor 3 of the program', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'programs-')), 'shared');
  const file = openSync(path, 'w');
  await mustRun(runProgram, 'sh', ['-c', 'echo hello >&3'], { sharedFile: file });
  closeSync(file);
  expect(readFileSync(path, 'utf8')).toBe('hello\n');
});
