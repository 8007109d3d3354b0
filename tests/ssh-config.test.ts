/** What sshd makes of the role's settings, for every target, one where the launch names root among them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { places } from '../packer/index.ts';

/** Its algorithms are known to every sshd of the last years. */
const BASE = 'ubuntu-24.04';
const facts = readFacts();
const role = join(places.root, 'ansible/roles/ssh');
const directory = mkdtempSync(join(tmpdir(), 'ssh-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Ansible is not needed for a template that holds values and lists alone. */
function rendered(text: string, values: object): string {
  return text.replaceAll(/\{\{ (\S+)(?: \| join\('(.)'\))? \}\}/g, (_, path: string, between = '') => {
    const found: unknown = path
      .split('.')
      .reduce((value: unknown, name) => (value as Record<string, unknown>)[name], values);
    return Array.isArray(found)
      ? found.map((each) => rendered(String(each), values)).join(between)
      : String(found);
  });
}

/** The effective settings of a target's machine, while cloud-init's drop-in allows passwords. */
function effective(target: string): string {
  const appliance = machineFacts(facts, BASE, target, 'test');
  const lists = [join(role, 'vars/main.yml'), join(places.root, `ansible/vars/${BASE}.yml`)].map(
    (file) => parse(readFileSync(file, 'utf8')) as object,
  );
  const template = readFileSync(join(role, 'templates/etc/ssh/sshd_config.j2'), 'utf8');
  const dropIn = join(directory, '50-cloud-init.conf');
  writeFileSync(dropIn, 'PasswordAuthentication yes\nPermitRootLogin yes\n');
  const config = join(directory, target);
  writeFileSync(
    config,
    rendered(template, Object.assign({ appliance }, ...lists)).replace(
      '/etc/ssh/sshd_config.d/*.conf',
      dropIn,
    ),
  );
  const key = join(directory, `${target}-key`);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  mkdirSync('/run/sshd', { recursive: true });
  return execFileSync('/usr/sbin/sshd', ['-T', '-f', config, '-h', key], { encoding: 'utf8' });
}

test.each(Object.entries(facts.targets).map(([target, { sshRootLogin }]) => ({ target, sshRootLogin })))(
  "no password opens SSH of $target, not even root's",
  ({ target, sshRootLogin }) => {
    const settings = effective(target);
    expect(settings).toMatch(/^passwordauthentication no$/m);
    expect(settings).toMatch(/^kbdinteractiveauthentication no$/m);
    expect(settings).toMatch(/^authenticationmethods publickey$/m);
    // sshd also calls `prohibit-password` by its older name.
    const root = { no: /^permitrootlogin no$/m, 'prohibit-password': /^permitrootlogin without-password$/m };
    expect(settings).toMatch(root[sshRootLogin]);
  },
);

test('root, by key, is who comes in on DigitalOcean alone', () => {
  const names = Object.entries(facts.targets).filter(([, { sshRootLogin }]) => sshRootLogin !== 'no');
  expect(names.map(([name]) => name)).toEqual(['digitalocean']);
});
