import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cached, dropOthers, dropUnfinished } from './cache.ts';

let cache: string;
const make = (text: string) => async (directory: string) => writeFileSync(join(directory, 'made'), text);

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'cache-'));
});
afterEach(() => rmSync(cache, { recursive: true }));

test('what was made once is not made again', async () => {
  await cached('base', 'id', make('first'), cache);
  const { directory, hit } = await cached('base', 'id', make('second'), cache);
  expect(hit).toBe(true);
  expect(readFileSync(join(directory, 'made'), 'utf8')).toBe('first');
});

test('a making that fails leaves nothing under the final name, and the next one starts empty', async () => {
  const breaking = async (directory: string) => {
    writeFileSync(join(directory, 'half'), '');
    throw new Error('power cut');
  };
  await expect(cached('base', 'id', breaking, cache)).rejects.toThrow('power cut');
  expect(existsSync(join(cache, 'base/id'))).toBe(false);
  const { directory } = await cached('base', 'id', make('whole'), cache);
  expect(readdirSync(directory)).toEqual(['made']);
});

test('what is half made can be dropped, and what is whole stays', async () => {
  const { directory } = await cached('bake', 'whole', make('whole'), cache);
  await expect(cached('bake', 'half', () => Promise.reject(new Error('no')), cache)).rejects.toThrow('no');
  await dropUnfinished('bake', cache);
  expect(readdirSync(join(cache, 'bake'))).toEqual(['whole']);
  expect(existsSync(directory)).toBe(true);
});

test('of two that make the same the first one wins, and nothing is left of the other', async () => {
  const slow = async (directory: string) => {
    await make('slow')(directory);
    mkdirSync(join(cache, 'base/id'), { recursive: true });
    await make('first')(join(cache, 'base/id'));
  };
  const { directory } = await cached('base', 'id', slow, cache);
  expect(readFileSync(join(directory, 'made'), 'utf8')).toBe('first');
  expect(readdirSync(join(cache, 'base'))).toEqual(['id']);
});

test('what another process is making is left to it', async () => {
  mkdirSync(join(cache, `bake/id.${process.ppid}.unfinished`), { recursive: true });
  await dropUnfinished('bake', cache);
  expect(readdirSync(join(cache, 'bake'))).toHaveLength(1);
});

test('only the newest of a name is kept', async () => {
  await cached('bake', 'debian-container-1', make('old'), cache);
  await cached('bake', 'ubuntu-container-1', make('other'), cache);
  const { directory } = await cached('bake', 'debian-container-2', make('new'), cache);
  dropOthers('debian-container', directory);
  expect(readdirSync(join(cache, 'bake'))).toEqual(['debian-container-2', 'ubuntu-container-1']);
});
