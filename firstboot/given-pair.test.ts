import * as fs from 'node:fs';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { hasGivenPair, placeGivenPair } from './given-pair.ts';
import { hostMachine } from './host.ts';
import type { Machine } from './machine.ts';
import { ensureTlsPair, type PairNeed } from './tls-pair.ts';

const GIVEN = { certificatePem: "the company's certificate", keyPem: "the company's key" };
const need: PairNeed = {
  machineId: 'this-one',
  names: { hostNames: ['gateway-1'], addresses: [] },
  mustCover: true,
};

let machine: Machine;
let tls: string;
beforeEach(() => {
  tls = mkdtempSync(join(tmpdir(), 'given-pair-'));
  const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'c');
  machine = { ...hostMachine({ ...facts, paths: { ...facts.paths, tls } }), fs };
});

const at = (name: string): string => join(tls, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');
const mode = (name: string): number => statSync(at(name)).mode & 0o777;

test('certificate and key are in place, the key for root alone', async () => {
  await ensureTlsPair(machine, need);
  placeGivenPair(machine, GIVEN).keep();
  expect([read('cert.pem'), read('key.pem')]).toEqual([GIVEN.certificatePem, GIVEN.keyPem]);
  expect([mode('key.pem'), mode('cert.pem'), mode('current')]).toEqual([0o600, 0o644, 0o700]);
  expect(readdirSync(tls).toSorted()).toEqual([
    'cert.pem',
    'current',
    readlinkSync(at('current')),
    'key.pem',
  ]);
});

test('the machine leaves it alone, whatever its own certificate would need', async () => {
  placeGivenPair(machine, GIVEN).keep();
  expect(hasGivenPair(machine)).toBe(true);
  expect(await ensureTlsPair(machine, { ...need, machineId: 'other' })).toBeUndefined();
  expect(read('cert.pem')).toBe(GIVEN.certificatePem);
});

test('taken back, the pair of before is there again and the other one is gone', async () => {
  await ensureTlsPair(machine, need);
  const before = [read('cert.pem'), read('key.pem'), ...readdirSync(tls)];
  placeGivenPair(machine, GIVEN).undo();
  expect([read('cert.pem'), read('key.pem'), ...readdirSync(tls)]).toEqual(before);
  expect(hasGivenPair(machine)).toBe(false);
});

test('taken back where there was nothing, there is nothing', () => {
  placeGivenPair(machine, GIVEN).undo();
  expect(readdirSync(tls)).toEqual([]);
});

test('files that somebody has laid there by hand are put aside, and come back', () => {
  writeFileSync(at('cert.pem'), 'by hand');
  writeFileSync(at('key.pem'), 'by hand, too');
  const placed = placeGivenPair(machine, GIVEN);
  expect([read('cert.pem'), read('cert.pem.replaced')]).toEqual([GIVEN.certificatePem, 'by hand']);
  placed.undo();
  expect([read('cert.pem'), read('key.pem')]).toEqual(['by hand', 'by hand, too']);
  expect(existsSync(at('cert.pem.replaced'))).toBe(false);
});

test('without the link the machine makes its own pair again, and the other key is gone', async () => {
  placeGivenPair(machine, GIVEN).keep();
  rmSync(at('current'));
  expect(await ensureTlsPair(machine, need)).toBe('there is none yet');
  expect(readdirSync(tls).filter((name) => name.startsWith('given-'))).toEqual([]);
});
