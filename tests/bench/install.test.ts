import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { installOnce } from './install.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'install-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writes = (name: string) => vi.fn(async (into: string) => writeFileSync(join(into, name), ''));

test('the same pins are installed once', async () => {
  const install = writes('a');
  await installOnce(folder, { pins: { a: '1' }, install });
  await installOnce(folder, { pins: { a: '1' }, install });
  expect(install).toHaveBeenCalledTimes(1);
});

test('other pins throw the old installation away', async () => {
  await installOnce(folder, { pins: { a: '1' }, install: writes('old') });
  await installOnce(folder, { pins: { a: '2' }, install: writes('new') });
  expect(readdirSync(folder).sort()).toEqual(['.installed', 'new']);
});

test('an installation that failed is begun again from an empty folder', async () => {
  const fails = async (into: string) => {
    writeFileSync(join(into, 'half'), '');
    throw new Error('no network');
  };
  await expect(installOnce(folder, { pins: { a: '1' }, install: fails })).rejects.toThrow('no network');
  await installOnce(folder, { pins: { a: '1' }, install: writes('whole') });
  expect(existsSync(join(folder, 'half'))).toBe(false);
  expect(existsSync(join(folder, 'whole'))).toBe(true);
});
