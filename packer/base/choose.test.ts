import { expect, test } from 'vitest';
import { readFacts } from '../../appliance/index.ts';
import { createLog } from '../log.ts';
import { type Base, BaseUnavailable } from './base.ts';
import { chooseBase } from './choose.ts';

const facts = readFacts();

function recording() {
  const lines: string[] = [];
  const log = createLog({ out: { write: (text: string) => lines.push(text) } });
  return { work: { log, signal: new AbortController().signal }, said: () => lines.join('') };
}

const made = (name: string): Base => ({ name, id: 'id', rehearsal: false, origin: {} });
const noUbuntu = async (name: string): Promise<Base> => {
  if (name === 'ubuntu-24.04') throw new BaseUnavailable('the address does not answer', 'try later');
  return made(name);
};

test('without a name the base that ships is taken', async () => {
  const { work } = recording();
  expect(await chooseBase(facts, undefined, work, async (name) => made(name))).toEqual(made('ubuntu-24.04'));
});

test('where it cannot be had the stand-in is taken, and said loudly', async () => {
  const { work, said } = recording();
  const base = await chooseBase(facts, undefined, work, noUbuntu);
  expect(base).toEqual({ ...made('debian-13'), insteadOf: 'ubuntu-24.04' });
  expect(said()).toContain('THIS IS NOT UBUNTU-24.04');
  expect(said()).toContain('the address does not answer');
});

test('a base that was asked for by name is never replaced', async () => {
  const { work } = recording();
  await expect(chooseBase(facts, 'ubuntu-24.04', work, noUbuntu)).rejects.toThrow(
    'the address does not answer',
  );
});

test('a fault that is not about reaching it is not covered up', async () => {
  const { work } = recording();
  const tampered = async (): Promise<Base> => Promise.reject(new Error('bad signature'));
  await expect(chooseBase(facts, undefined, work, tampered)).rejects.toThrow('bad signature');
});
