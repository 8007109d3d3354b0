import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { $ } from 'zx';
import { writeSeed } from './seed.ts';
import type { Wire } from './wire.ts';

const wire: Wire = {
  netdev: '',
  // All digits: a number in the YAML that cloud-init reads, unless it is quoted.
  mac: '52:54:00:00:02:11',
  launcher: [],
  networkConfig: { addresses: ['192.0.2.11/24'] },
  connect: () => Promise.reject(new Error('not wired')),
};
const seed = { instanceId: 'i-1', hostName: 'guest', userName: 'azureuser', publicKey: 'ssh-ed25519 AAAA' };

test('a seed is a disk that cloud-init finds by its label', async () => {
  const disk = await writeSeed(mkdtempSync(join(tmpdir(), 'seed-')), seed, wire);
  const listed = await $({ quiet: true })`xorriso -indev ${disk} -pvd_info -lsl`;
  expect(listed.stdout).toMatch(/Volume Id *: *cidata/i);
  for (const name of ['meta-data', 'network-config', 'user-data'])
    expect(listed.stdout).toContain(`'${name}'`);
});

test('a MAC address stays text for readers of YAML 1.1', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'seed-'));
  await writeSeed(directory, seed, wire);
  const text = readFileSync(join(directory, 'seed', 'network-config'), 'utf8');
  expect(parse(text, { version: '1.1' }).ethernets.primary.match.macaddress).toBe(wire.mac);
});
