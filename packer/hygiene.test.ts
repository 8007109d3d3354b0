import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFacts } from '../appliance/index.ts';
import { hygieneFaults, hygieneRules } from './hygiene.ts';

const rules = hygieneRules(readFacts());
let tree: string;

function write(path: string, text = 'planted'): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'tree-'));
  write('/etc/machine-id', '');
  symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(tree, 'etc/resolv.conf'));
  mkdirSync(join(tree, 'var/log/nginx'), { recursive: true });
});

afterEach(() => rmSync(tree, { recursive: true }));

test('a clean tree has no fault, and empty directories of logs may stay', () => {
  expect(hygieneFaults(tree, rules)).toEqual([]);
});

test.each([
  '/etc/ssh/ssh_host_ed25519_key',
  '/root/.ssh/authorized_keys',
  '/root/.bash_history',
  '/home/builder/.profile',
  '/var/log/nginx/access.log',
  '/var/log/journal/0123/system.journal',
  '/var/lib/apt/lists/lock',
  '/var/cache/apt/pkgcache.bin',
  '/etc/ssl/private/ssl-cert-snakeoil.key',
  '/etc/.resolv.conf.systemd-resolved.bak',
  '/var/lib/systemd/random-seed',
  '/var/lib/systemd/credential.secret',
  '/var/lib/systemd/timers/stamp-apt-daily.timer',
  '/var/lib/postgresql/17/main/PG_VERSION',
  '/etc/postgresql/17/main/postgresql.conf',
  '/var/lib/cloud/instances/i-1/sem/config_ssh',
  '/root/litellm-credentials.txt',
  '/etc/litellm/litellm.env',
  '/etc/grub.d/01_litellm_lock',
  '/var/lib/aide/aide.db',
  '/var/log/audit/audit.log',
  '/etc/shadow-',
  '/etc/letsencrypt/accounts/server/account.json',
])('a planted %s is found', (path) => {
  write(path);
  const faults = hygieneFaults(tree, rules);
  expect(faults).toHaveLength(1);
  expect(path.startsWith((faults[0] as string).split(' ')[0] as string)).toBe(true);
});

test('a machine id of the build is found, and a missing one too', () => {
  write('/etc/machine-id', '0123456789abcdef\n');
  expect(hygieneFaults(tree, rules)).toEqual([
    expect.stringContaining('/etc/machine-id must be an empty file'),
  ]);
  rmSync(join(tree, 'etc/machine-id'));
  expect(hygieneFaults(tree, rules)).toEqual([
    expect.stringContaining('/etc/machine-id must be an empty file'),
  ]);
});

test("the build machine's name servers in place of the link are found", () => {
  rmSync(join(tree, 'etc/resolv.conf'));
  write('/etc/resolv.conf', 'nameserver 192.0.2.1\n');
  expect(hygieneFaults(tree, rules)).toEqual([expect.stringContaining('/etc/resolv.conf must be a link')]);
});

test('a link is not followed out of the tree', () => {
  symlinkSync('/etc', join(tree, 'var/tmp'));
  expect(hygieneFaults(tree, rules)).toEqual([]);
});
