import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { gitOf, sourceTime } from './commit.ts';
import { places } from './places.ts';
import { shellFor } from './shell.ts';

const shell = shellFor(new AbortController().signal);
const git = gitOf(shell, places.root);
const nowhere = mkdtempSync(`${tmpdir()}/commit-`);
afterAll(() => rmSync(nowhere, { recursive: true }));

test('the time of a build is that of its commit', async () => {
  const committed = await shell({ cwd: places.root })`git log -1 --format=%cI`;
  const time = await sourceTime(git, undefined);
  expect(time?.getTime()).toBe(Date.parse(committed.stdout.trim()));
});

test('SOURCE_DATE_EPOCH goes before it', async () => {
  expect(await sourceTime(git, '1732197483')).toEqual(new Date('2024-11-21T13:58:03Z'));
});

test('a SOURCE_DATE_EPOCH that is no number is refused', async () => {
  await expect(sourceTime(git, 'yesterday')).rejects.toThrow('SOURCE_DATE_EPOCH=yesterday');
});

test('outside of git there is no such time', async () => {
  expect(await sourceTime(gitOf(shell, nowhere), '')).toBeUndefined();
});
