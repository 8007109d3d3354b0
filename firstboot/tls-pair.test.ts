import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { VALIDITY_DAYS } from './certificate.ts';
import { hostMachine } from './host.ts';
import type { Machine } from './machine.ts';
import { ensureTlsPair, type PairNeed } from './tls-pair.ts';

const DAY_MS = 24 * 60 * 60_000;
const start = new Date('2026-11-21T12:00:00Z');

let tls: string;
beforeEach(() => {
  tls = mkdtempSync(join(tmpdir(), 'tls-pair-'));
});

function machineAt(day: number): Machine {
  const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'c');
  return {
    ...hostMachine({ ...facts, paths: { ...facts.paths, tls } }),
    fs,
    randomBytes,
    now: () => new Date(start.getTime() + day * DAY_MS),
  };
}

const need: PairNeed = {
  machineId: 'this-one',
  names: { hostNames: ['gateway-1'], addresses: ['10.0.0.4'] },
  mustCover: true,
};

const ensure = (day: number, change: Partial<PairNeed> = {}): Promise<string | undefined> =>
  ensureTlsPair(machineAt(day), { ...need, ...change });

test('a pair is made where there is none, and reached through one link', async () => {
  expect(await ensure(0)).toBe('there is none yet');
  expect(readlinkSync(join(tls, 'cert.pem'))).toBe('current/cert.pem');
  expect(readlinkSync(join(tls, 'key.pem'))).toBe('current/key.pem');
  expect(readFileSync(join(tls, 'key.pem'), 'utf8')).toContain('PRIVATE KEY');
});

test.each<[string, number, Partial<PairNeed>, string | undefined]>([
  ['stays while it is good', 1, {}, undefined],
  ['is renewed before it expires', VALIDITY_DAYS - 60, {}, 'it expires soon'],
  ['made when the clock was ahead is replaced', -30, {}, 'it is not valid yet'],
  ['of another machine is replaced', 1, { machineId: 'other' }, 'it was made on another machine'],
  [
    'is replaced when the machine has another address',
    1,
    { names: { hostNames: ['gateway-1'], addresses: ['10.0.0.4', '203.0.113.7'] } },
    'it does not name 203.0.113.7',
  ],
  [
    'is replaced when the machine has another name',
    1,
    { names: { hostNames: ['gateway-2'], addresses: [] } },
    'it does not name gateway-2',
  ],
  [
    'stays before the network is up, whatever is missing',
    1,
    { names: { hostNames: ['gateway-2'], addresses: [] }, mustCover: false },
    undefined,
  ],
  ['stays when an address is gone', 1, { names: { hostNames: ['gateway-1'], addresses: [] } }, undefined],
  [
    'stays when the host name is none that a certificate could hold',
    1,
    { names: { hostNames: ['odd_name!'], addresses: ['10.0.0.4'] } },
    undefined,
  ],
])('a pair %s', async (_title, day, change, why) => {
  await ensure(0);
  const before = readFileSync(join(tls, 'cert.pem'), 'utf8');
  expect(await ensure(day, change)).toBe(why);
  expect(readFileSync(join(tls, 'cert.pem'), 'utf8') === before).toBe(why === undefined);
});

test('a damaged pair is replaced', async () => {
  await ensure(0);
  writeFileSync(join(tls, 'current/key.pem'), 'garbage');
  expect(await ensure(0)).toBe('certificate and key do not belong together');
});

test('only the pair in use is kept', async () => {
  await ensure(0);
  await ensure(0, { machineId: 'other' });
  const pairs = readdirSync(tls).filter((name) => name.startsWith('pair-'));
  expect(pairs).toEqual([readlinkSync(join(tls, 'current'))]);
});

test.each(['cert.pem', 'key.pem'])('an own %s of the operator keeps us away', async (name) => {
  writeFileSync(join(tls, name), 'own');
  expect(await ensure(0)).toBeUndefined();
  expect(readdirSync(tls)).toEqual([name]);
});
