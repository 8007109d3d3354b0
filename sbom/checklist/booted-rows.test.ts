/** Each row about a booted machine, held against a machine that answers otherwise than it should. */
import { expect, test } from 'vitest';
import {
  type Answers,
  everyRoute,
  goodConsole,
  smallGuest,
  smallOutside,
} from '../../tests/harness/small-guest.ts';
import { facts, smallManifest } from '../../tests/harness/small-image.ts';
import { checklist } from './checklist.ts';
import { judge, type RowResult } from './judge.ts';
import { readRows } from './row.ts';
import type { Subject } from './subject.ts';

async function judged(id: string, changes: Partial<Subject>): Promise<RowResult> {
  const row = readRows().find((one) => one.id === id);
  if (row === undefined) throw new Error(`there is no row ${id}`);
  // What is on the disk is told apart elsewhere.
  const where = row.where.filter((place) => place !== 'disk' && place !== 'evidence');
  const subject = { target: 'qemu', facts, manifest: smallManifest(), ...changes } as Subject;
  const [result] = await judge([{ ...row, where }], checklist, subject);
  return result as RowResult;
}

function machines(changes: Answers): Partial<Subject> {
  return {
    guest: smallGuest('one', changes),
    twin: smallGuest('two', changes),
    outside: smallOutside(),
    online: smallGuest('three', changes),
    consoles: [goodConsole, goodConsole],
  };
}

const sshd = (changes: string) => ({ 'sshd -T': `permitrootlogin no\n${changes}` });
const failed = { code: 1, stdout: '' };
const { ports, paths } = facts;
const instance = 'i-0123456789abcdef0';
const credentials = (admin: string, master = 'm'.repeat(32)) => ({
  [`cat ${paths.credentials}`]: `Initial password: ${admin}\nMaster key: ${master}\nSalt key: ${'s'.repeat(32)}\nPostgreSQL password: ${'d'.repeat(32)}`,
});

test.each<[string, string, Answers, string]>([
  ['DSK-06', 'both started by UEFI', { 'test -d /sys': { code: 0, stdout: '' } }, 'none was started by BIOS'],
  ['DSK-10', 'a root that did not grow', { 'df -B1': String(8 * 2 ** 30) }, 'the root has 8.0 of 12.0 GiB'],
  ['KRN-01', 'no serial console', { 'cat /proc/cmdline': 'root=x' }, 'console=ttyS0 is missing'],
  ['KRN-03', 'a splash', { 'cat /proc/cmdline': 'quiet splash' }, 'splash is in'],
  ['KRN-04', 'no driver at boot', { lsinitramfs: 'usr/lib/x.ko' }, 'virtio_blk is not in the initramfs'],
  ['KRN-04', 'no driver later', { 'modinfo -n virtio_net': failed }, 'the kernel has no virtio_net'],
  ['SWP-01', 'swap', { 'cat /proc/swaps': 'Filename\n/swapfile file 1 0 -2' }, '/swapfile'],
  ['ACC-05', 'wrong sudoers', { 'visudo -c': failed }, 'visudo -c'],
  ['ACC-06', 'a session of root', { 'id -u': '0\n' }, 'did not come by sudo'],
  [
    'SSH-01',
    'passwords',
    sshd('passwordauthentication yes\nkbdinteractiveauthentication no'),
    'passwordauthentication is yes',
  ],
  [
    'SSH-01',
    'passwords when cloud-init says so',
    {
      '50-cloud-init.conf': 'permitrootlogin no\npasswordauthentication yes\nkbdinteractiveauthentication no',
    },
    "while cloud-init's drop-in",
  ],
  ['SSH-02', "root's login", { 'sshd -T': 'permitrootlogin yes' }, 'PermitRootLogin is yes'],
  ['SSH-03', 'no keep-alive', sshd('clientaliveinterval 0'), 'ClientAliveInterval is 0'],
  ['SSH-04', 'shared host keys', { 'ssh_host_*_key.pub': 'ssh-ed25519 same' }, 'share the ssh-ed25519 key'],
  ['SSH-06', 'a closed firewall', { 'ufw status': 'Status: active' }, 'does not let anyone to 22'],
  [
    'IDN-07',
    'a dead database',
    { 'is-active postgresql.service': { code: 3, stdout: 'failed\n' } },
    'postgresql.service is not active',
  ],
  [
    'PKG-04',
    'updates off',
    { 'apt-config dump': 'APT::Periodic::Unattended-Upgrade "0";' },
    'unattended upgrades are off',
  ],
  [
    'PKG-04',
    'a disabled timer',
    { 'is-enabled apt-daily-upgrade.timer': { code: 1, stdout: 'disabled\n' } },
    'is disabled',
  ],
  ['SVC-01', 'a listener', { 'ss -Hlntu': 'tcp LISTEN 0 1 [::]:4000 [::]:*' }, 'tcp [::]:4000 is open'],
  [
    'SVC-01',
    'a datagram listener',
    { 'ss -Hlntu': 'udp UNCONN 0 0 0.0.0.0:5353 0.0.0.0:*' },
    'udp 0.0.0.0:5353 is open',
  ],
  [
    'SVC-02',
    'an open database',
    {
      'ss -Hlntu': `tcp LISTEN 0 1 0.0.0.0:${ports.postgresql} x\ntcp LISTEN 0 1 127.0.0.1:${ports.gateway} x`,
    },
    'is not loopback',
  ],
  [
    'SVC-02',
    'no gateway',
    { 'ss -Hlntu': `tcp LISTEN 0 1 127.0.0.1:${ports.postgresql} x` },
    `nothing listens on ${ports.gateway}`,
  ],
  ['SVC-03', 'no firewall', { 'ufw status verbose': 'Status: inactive' }, 'ufw is not active'],
  [
    'SVC-05',
    'a failed unit',
    { 'list-units --failed': 'x.service loaded failed failed X' },
    'x.service has failed',
  ],
  [
    'SVC-05',
    'a degraded system',
    { 'is-system-running': { code: 1, stdout: 'degraded\n' } },
    'the system is degraded',
  ],
  ['SVC-07', 'local time', { 'timedatectl show': 'Timezone=Europe/Berlin\nNTP=no' }, 'not UTC'],
  ['SVC-08', 'a machine that an update breaks', { 'status --wait': failed }, 'not ready afterwards'],
  [
    'SYS-01',
    'forwarding',
    { 'sysctl -n': ['1', ...Array(16).fill('0')].join('\n') },
    'net.ipv4.ip_forward is 1',
  ],
  ['SEC-01', 'a shared certificate', { '-fingerprint': 'same' }, 'share the certificate'],
  [
    'SEC-02',
    'the instance id as password',
    credentials(`x-${instance}`),
    'adminPassword holds the instance id',
  ],
  ['SEC-02', 'a short key', credentials('abcde-fghij-kmnpq-rstuv', 'sk-short'), 'masterKey is short'],
  ['SEC-03', 'a readable file', { "stat -c '%a %U:%G'": '644 root:root' }, 'is 644'],
  ['SEC-04', 'a secret in the log', { 'grep -aqF': { code: 0, stdout: '' } }, 'a secret is in the journal'],
  [
    'SEC-05',
    'an open route',
    { 'curl -sS --config -': everyRoute('200') },
    'POST /key/generate answers 200 without a key',
  ],
  [
    'SEC-06',
    'plain answers',
    { [`http://127.0.0.1:${ports.http}/v1/models`]: '200 ' },
    'port 80 answers 200',
  ],
  ['SEC-06', 'a shared TLS key', { '-pubkey': 'same' }, 'share the TLS key'],
  [
    'SEC-08',
    'a gateway that reaches the cloud',
    { 'setpriv --reuid=litellm': '200' },
    'reaches the metadata service',
  ],
])('%s: %s is found', async (id, _title, changes, words) => {
  const good = await judged(id, machines({}));
  expect(good).toMatchObject({ status: 'passed' });
  const bad = await judged(id, machines(changes));
  expect(['failed', 'warning']).toContain(bad.status);
  expect(bad.detail).toContain(words);
});

test.each<[string, string, Partial<Subject>, string]>([
  ['SSH-05', 'sshd that does not start', { consoles: ['login:', goodConsole] }, 'boot 1: sshd did not start'],
  [
    'SVC-06',
    'a boot without its login',
    { consoles: [goodConsole, 'emergency mode'] },
    'boot 2 did not come to a login',
  ],
  ['SVC-06', 'a single boot', { consoles: [goodConsole] }, 'booted 1 times'],
  ['SSH-06', 'a closed port', { outside: smallOutside([80, 443]) }, 'port 22 does not answer'],
  ['SVC-01', 'an open port', { outside: smallOutside([22, 80, 443, 8080]) }, 'port 8080 answers outside'],
  ['SVC-01', 'a refusing port', { outside: smallOutside([22, 80, 443], [25]) }, 'port 25 says no'],
  ['SVC-02', 'a database outside', { outside: smallOutside([22, 5432]) }, 'port 5432 answers outside'],
])('%s: %s is found', async (id, _title, changes, words) => {
  const bad = await judged(id, { ...machines({}), ...changes });
  expect(bad.status).toBe('failed');
  expect(bad.detail).toContain(words);
});

test.each<[string, string, Answers, string]>([
  ['DSK-10', 'a disk that is not larger', { 'lsblk -bdno SIZE': '8' }, 'no larger than the image'],
  ['SSH-01', 'a silent sshd', { 'sshd -T': '' }, 'sshd -T says nothing'],
  ['SVC-01', 'a silent ss', { 'ss -Hlntu': '' }, 'nothing listens'],
  ['SVC-08', 'a mirror out of reach', { 'apt-get -q update': { code: 100, stdout: '' } }, 'ended with 100'],
  ['SYS-01', 'a missing setting', { 'sysctl -n': '0' }, 'sysctl knows 1 of'],
  ['SEC-01', 'no credentials', { [`cat ${paths.credentials}`]: 'nothing' }, 'does not tell masterKey'],
  [
    'SEC-04',
    'an empty journal',
    { 'grep -aqF': { code: 9, stdout: '' } },
    'the search in the journal ended with 9',
  ],
  [
    'SEC-08',
    'no metadata service',
    { 'http://169.254.169.254/': { code: 28, stdout: '' } },
    'answers root either',
  ],
])('%s: %s is not run', async (id, _title, changes, words) => {
  const result = await judged(id, machines(changes));
  expect(result.status).toBe('not-run');
  expect(result.detail).toContain(words);
});

test("Azure's promise of the instance id exempts the first password, and nothing else", async () => {
  const azure = { ...machines(credentials(instance)), target: 'azure' };
  const result = await judged('SEC-02', azure);
  expect(result).toMatchObject({ status: 'passed' });
  expect(result.detail).toContain("as this target's listing promises");
  const keyToo = { ...machines(credentials(instance, `sk-${instance}-0123456789`)), target: 'azure' };
  expect((await judged('SEC-02', keyToo)).status).toBe('failed');
});

test('a target that wants no login of root gets none', async () => {
  const keyOnly = machines({ 'sshd -T': 'permitrootlogin without-password' });
  expect((await judged('SSH-02', keyOnly)).status).toBe('passed');
  expect((await judged('SSH-02', { ...keyOnly, target: 'azure' })).status).toBe('failed');
  expect((await judged('SSH-02', { ...keyOnly, target: 'moon' })).status).toBe('not-run');
});
