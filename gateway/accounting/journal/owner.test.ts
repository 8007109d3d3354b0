import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isDead, ownDirectory } from './owner.ts';

const root = mkdtempSync(join(tmpdir(), 'owner-'));
afterAll(() => rmSync(root, { recursive: true }));
const place = (name: string): string => join(root, name);

/** Owns a directory in a process of its own, until it is killed. */
async function ownElsewhere(parent: string, name: string) {
  const module = new URL('owner.ts', import.meta.url).href;
  const program = `
    const { ownDirectory } = await import(${JSON.stringify(module)});
    await ownDirectory(${JSON.stringify(parent)}, ${JSON.stringify(name)});
    process.stdout.write('owned');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe.each([
  ['a short path', 'short'],
  ['a path longer than a socket address', join('x'.repeat(100), 'y'.repeat(100))],
])('%s', (_what, folder) => {
  test('is owned until it is disowned', async () => {
    const owned = await ownDirectory(place(folder), 'own');
    expect(owned.path).toBe(join(place(folder), 'own'));
    expect(statSync(owned.path).mode & 0o777).toBe(0o700);
    expect(await isDead(owned.path)).toBe(false);
    await owned.disown();
    expect(await isDead(owned.path)).toBe(true);
  });

  test('is owned until its process is killed, also where it was moved to', async () => {
    const parent = place(join(folder, 'killed'));
    const child = await ownElsewhere(parent, 'own');
    expect(await isDead(join(parent, 'own'))).toBe(false);
    child.kill('SIGSTOP');
    expect(await isDead(join(parent, 'own'))).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isDead(join(parent, 'own'))).toBe(true);
  });
});

test('a directory without a socket has no owner', async () => {
  mkdirSync(place('plain'));
  expect(await isDead(place('plain'))).toBe(true);
});

test('a directory that is not there cannot be asked', async () => {
  const far = place(join('z'.repeat(100), 'gone'));
  await expect(isDead(far)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a directory that another process takes away while it is made is made again', async () => {
  const parent = place('contested');
  mkdirSync(parent);
  let taken = 0;
  const thief = setInterval(() => {
    for (const name of readdirSync(parent)) {
      if (!name.startsWith('new-') || taken > 0) continue;
      taken++;
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  }, 0);
  try {
    for (let attempt = 0; taken === 0 && attempt < 200; attempt++) {
      const owned = await ownDirectory(parent, `own-${attempt}`);
      expect(existsSync(owned.path)).toBe(true);
      await owned.disown();
    }
  } finally {
    clearInterval(thief);
  }
  expect(taken).toBe(1);
  expect(readdirSync(parent).filter((name) => name.startsWith('new-'))).toEqual([]);
});

test('a place that is no directory is an error', async () => {
  writeFileSync(place('file'), '');
  await expect(ownDirectory(place('file'), 'own')).rejects.toThrow();
});
