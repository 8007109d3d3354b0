/** What a build and its tests do must not depend on the start-up files of whoever runs them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { places, shellFor } from '../packer/index.ts';

/** A home whose start-up file says that it was read. */
function tellingHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  writeFileSync(join(home, '.bashrc'), 'echo .bashrc was read\n');
  return home;
}

const SHELL = `import { $ } from 'zx'; process.stdout.write((await $({ quiet: true })\`echo command\`).stdout);`;

/** What a program prints that has a shell say a word. */
function said(env: NodeJS.ProcessEnv): string {
  const args = ['--input-type=module', '-e', SHELL];
  return spawnSync(process.execPath, args, { cwd: places.root, env, encoding: 'utf8' }).stdout;
}

test('a shell that a test starts reads none', async () => {
  const shell = shellFor(new AbortController().signal, { env: { ...process.env, HOME: tellingHome() } });
  expect((await shell`echo command`).stdout).toBe('command\n');
});

test('nor does one that a program of make starts; without what make says it would', () => {
  const home = tellingHome();
  const unsaid = { ...process.env, HOME: home, SHLVL: undefined };
  const env = { ...unsaid, BASH_ENV: join(home, '.bashrc') };
  const asked = ['-s', '--eval', 'told: ; @env', 'told'];
  const make = spawnSync('make', asked, { cwd: places.root, env, encoding: 'utf8' });
  const told = Object.fromEntries(make.stdout.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
  expect(said(told)).toBe('command\n');
  expect(said(unsaid)).toBe('.bashrc was read\ncommand\n');
});
