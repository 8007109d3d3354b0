/** The whole checklist on a small image of real formats: what passes, what does not, and every planted fault. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goodConsole, smallGuest, smallOutside } from '../../tests/harness/small-guest.ts';
import { facts, SmallImage } from '../../tests/harness/small-image.ts';
import type { SigningKey } from '../evidence/signing-key.ts';
import type { Subject } from './subject.ts';
import type { Verification } from './table.ts';
import { verifyImage } from './verify-image.ts';

const vendor = `/etc/${facts.vendor.directory}`;

function booted(): Partial<Subject> {
  return {
    guest: smallGuest('one'),
    twin: smallGuest('two'),
    outside: smallOutside(),
    online: smallGuest('three'),
    consoles: [goodConsole, goodConsole],
  };
}

async function verified(
  image: SmallImage,
  key: SigningKey,
  changes: Partial<Subject> = {},
): Promise<Verification> {
  return verifyImage(image.subject(key, { ...booted(), ...changes }));
}

const notPassed = ({ rows }: Verification): string[] =>
  rows
    .filter(({ status }) => status !== 'passed' && status !== 'not-applicable')
    .map(({ id, status, detail }) => `${status} ${id}: ${detail}`);

test('an image on which all is well, signed with a test key, passes: exit 0, and it says that it is a rehearsal', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  await image.seal(key);
  const seen = await verified(image, key);
  expect(notPassed(seen)).toEqual([]);
  expect(seen.exitCode).toBe(0);
  const signed = JSON.parse(readFileSync(join(image.build, 'evidence.json'), 'utf8'));
  expect(signed).toMatchObject({ rehearsal: true, rehearsalReasons: ['a rehearsal key signed it'] });
});

test("signed with the publisher's key it passes as a release, but for the changelog that calls it unreleased", async () => {
  using image = new SmallImage();
  const key = await image.publisher();
  await image.seal(key);
  const seen = await verified(image, key, { release: true });
  expect(notPassed(seen)).toEqual([expect.stringContaining('failed DOC-03')]);
});

test('a release does not take a rehearsal key', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  await image.seal(key);
  const seen = await verified(image, key, { release: true });
  expect(seen.exitCode).toBe(1);
  expect(notPassed(seen).join('\n')).toContain('the evidence is a rehearsal');
});

test('a release does not take a CIS scan in a container; a rehearsal does, and says so', async () => {
  using image = new SmallImage();
  image.scannedIn = 'container-and-vm';
  const key = await image.publisher();
  await image.seal(key);
  const row = ({ rows }: Verification) => rows.find(({ id }) => id === 'SYS-02');
  expect(row(await verified(image, key, { release: true }))).toMatchObject({ status: 'failed' });
  const rehearsed = row(await verified(image, key));
  expect(rehearsed).toMatchObject({
    status: 'passed',
    detail: 'cis: all is well; scanned in container-and-vm',
  });
});

test('cve: not run is exit 2, with the words of the one that did not run', async () => {
  using image = new SmallImage();
  image.checks = image.checks.map((check) =>
    check.id === 'cve' ? { ...check, status: 'not-run', detail: 'there is no database' } : check,
  );
  const key = image.rehearsal();
  await image.seal(key);
  const seen = await verified(image, key);
  expect(seen.exitCode).toBe(2);
  expect(notPassed(seen)).toEqual([
    'not-run PKG-05: not looked at: cve: there is no database',
    'not-run EVD-05: not looked at: cve: there is no database',
  ]);
});

test('without a machine nothing that needs one passes: exit 2', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  await image.seal(key);
  const { exitCode, rows } = await verifyImage(image.subject(key));
  expect(exitCode).toBe(2);
  const status = (id: string) => rows.find((row) => row.id === id)?.status;
  expect([status('SVC-01'), status('SSH-04'), status('SEC-01'), status('SSH-05')]).toEqual(
    Array(4).fill('not-run'),
  );
});

test('without an image there is nothing that passes on the disk', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  const empty = join(image.directory, 'empty');
  mkdirSync(empty);
  const { rows } = await verifyImage(image.subject(key, { disk: image.disk({ tree: empty }) }));
  const onDisk = rows.filter(({ id }) => /^(ACC|IDN|HYG|FIL|HIS|LOG|TMP|PRV|PKG|EVD)/.test(id));
  expect(onDisk.filter(({ status }) => status === 'passed')).toEqual([]);
});

test('rows that the mirror of a rehearsal image makes pointless say so', async () => {
  const inputs = { base: { id: 'b', origin: { kind: 'bootstrap' } }, tools: {}, ...hashes() };
  using image = new SmallImage({
    base: 'debian-13',
    rehearsal: ["the package sources are the build host's"],
    inputs,
  });
  const key = image.rehearsal();
  await image.seal(key);
  const { rows } = await verified(image, key);
  const exempt = rows.filter(({ detail }) => detail.startsWith('a rehearsal image:')).map(({ id }) => id);
  expect(exempt).toEqual(['PKG-03', 'PKG-07', 'SVC-08']);
});

function hashes() {
  return { payload: 'p', roles: 'r', playbook: 'p', template: 't', packageLock: 'l' };
}

type Plant = (image: SmallImage) => void;
const SHA512 = '$6$rounds=5000$salt$hash';

/** Each fault is planted before the image is signed, or after it: then the signature tells too. */
const planted: readonly [string, 'before' | 'after', Plant, readonly string[]][] = [
  [
    'a host key',
    'before',
    (image) => image.put('/etc/ssh/ssh_host_ed25519_key', 'key', 0o600),
    ['SSH-04', 'HYG-01'],
  ],
  ['a history file', 'before', (image) => image.put('/root/.bash_history', 'curl\n'), ['HIS-01', 'HYG-01']],
  [
    'a history of a user',
    'before',
    (image) => image.put('/home/ann/.python_history', 'x\n'),
    ['HIS-01', 'ACC-03'],
  ],
  [
    'a password hash',
    'before',
    (image) => image.put('/etc/shadow', `root:${SHA512}:1::::::\n`, 0o640),
    ['ACC-01', 'ACC-02'],
  ],
  [
    'a locked password hash',
    'before',
    (image) => image.put('/etc/shadow', `root:*:1:\nann:!${SHA512}:1:\n`),
    ['ACC-01'],
  ],
  [
    'an authorised key',
    'before',
    (image) => image.put('/root/.ssh/authorized_keys', 'ssh-ed25519 AAAA\n'),
    ['ACC-04'],
  ],
  ['a private key', 'before', (image) => image.put('/opt/key.pem', privateKey()), ['ACC-04']],
  ['a full machine-id', 'before', (image) => image.put('/etc/machine-id', `${'0'.repeat(32)}\n`), ['IDN-01']],
  [
    'a log with an address',
    'before',
    (image) => image.put('/var/log/auth.log', 'from http://10.1.2.3/\n'),
    ['LOG-01', 'PRV-01', 'HYG-01'],
  ],
  ['a world-writable file', 'before', (image) => image.put('/usr/bin/tool', 'program', 0o777), ['FIL-01']],
  ['a stray package', 'after', strayPackage, ['PKG-10', 'EVD-03']],
  ['a changed bundle', 'after', (image) => image.put('/opt/litellm/gateway.mjs', 'evil\n'), ['EVD-02']],
  [
    'a swapped SBOM',
    'after',
    (image) => image.put(`${vendor}/sbom.json`, '{"bomFormat":"CycloneDX","components":[]}'),
    ['EVD-04', 'PKG-10'],
  ],
  [
    'a swapped CIS report',
    'after',
    (image) => image.put(`${vendor}/cis-report.html`, 'all passed'),
    ['EVD-04', 'EVD-02'],
  ],
  [
    'a swapped CIS score',
    'after',
    (image) => image.put(`${vendor}/cis-score.json`, '{"scannedIn":"vm" }'),
    ['EVD-04', 'EVD-02'],
  ],
  ['a stowaway among the programs', 'after', (image) => image.put('/opt/litellm/evil.mjs', ''), ['EVD-02']],
  ['another disk', 'after', (image) => image.put('/../build/small.qcow2', 'dusk'), ['EVD-01']],
  [
    'an altered report',
    'after',
    (image) => image.put('/../build/evidence/cve-report.json', '{}'),
    ['EVD-01'],
  ],
  [
    'swap',
    'before',
    (image) => image.put('/etc/fstab', 'UUID=1 / ext4 rw 0 1\n/swapfile none swap sw 0 0\n'),
    ['SWP-01'],
  ],
  [
    'a device name in fstab',
    'before',
    (image) => image.put('/etc/fstab', '/dev/vda1 / ext4 rw 0 1\n'),
    ['DSK-09'],
  ],
  [
    'a quiet kernel',
    'before',
    (image) => image.put('/boot/grub/grub.cfg', 'linux /vmlinuz quiet\n'),
    ['KRN-01', 'KRN-03'],
  ],
  [
    'a barred vfat',
    'before',
    (image) => image.put('/etc/modprobe.d/x.conf', 'install vfat /bin/false\n'),
    ['KRN-05'],
  ],
  [
    'a third kernel',
    'before',
    (image) => ['7', '8'].map((n) => image.put(`/boot/vmlinuz-${n}`, 'k')),
    ['KRN-06'],
  ],
  [
    'a MAC address',
    'before',
    (image) => image.put('/etc/netplan/10.yaml', 'macaddress: 52:54:00:00:00:01\n'),
    ['NET-01'],
  ],
  [
    'a proxy',
    'before',
    (image) => image.put('/etc/apt/apt.conf.d/99', 'Acquire::http::Proxy "http://x:3128";\n'),
    ['NET-02'],
  ],
  [
    'a builder',
    'before',
    (image) => image.put('/etc/passwd', 'root:x:0:0::/root:/bin/bash\npacker:x:1000:0::/home/p:/bin/sh\n'),
    ['ACC-03'],
  ],
  [
    'NOPASSWD',
    'before',
    (image) => image.put('/etc/sudoers.d/x', 'ann ALL=(ALL) NOPASSWD:ALL\n', 0o440),
    ['ACC-05'],
  ],
  ['a random seed', 'before', (image) => image.put('/var/lib/systemd/random-seed', 'x'), ['IDN-02']],
  ['a host name', 'before', (image) => image.put('/etc/hostname', 'bakery\n'), ['IDN-03']],
  ['a cloud-init instance', 'before', (image) => image.put('/var/lib/cloud/instances/i/x', ''), ['IDN-04']],
  ['a lease', 'before', (image) => image.put('/var/lib/dhcp/dhclient.leases', 'x'), ['IDN-05']],
  ['the Azure agent', 'before', (image) => image.put('/var/lib/waagent/x', ''), ['IDN-06']],
  [
    'a snakeoil key',
    'before',
    (image) => image.put('/etc/ssl/private/ssl-cert-snakeoil.key', 'x'),
    ['IDN-07'],
  ],
  ['credentials', 'before', (image) => image.put(facts.paths.credentials, 'Master key: x'), ['IDN-08']],
  ['a timer stamp', 'before', (image) => image.put('/var/lib/systemd/timers/stamp-apt', ''), ['IDN-09']],
  ['a package archive', 'before', (image) => image.put('/var/cache/apt/archives/x.deb', 'x'), ['TMP-01']],
  [
    "the build host's name",
    'before',
    (image) => image.put('/etc/motd', 'built on builder.example\n'),
    ['PRV-01'],
  ],
  [
    'cloud-init switched off',
    'before',
    (image) => image.put('/etc/cloud/cloud-init.disabled', ''),
    ['PKG-01'],
  ],
  ["another cloud's agent", 'before', (image) => withPackage(image, 'walinuxagent', '2.9'), ['PKG-02']],
  ['a compiler', 'before', (image) => withPackage(image, 'gcc', '14'), ['PKG-09']],
  [
    'an old OpenSSL',
    'before',
    (image) => image.put('/var/lib/dpkg/status', paragraph('openssl', '1.1.1w-0')),
    ['PKG-08'],
  ],
  ['a cron job', 'before', (image) => image.put('/etc/cron.d/mystery', '* * * * * root x\n'), ['SVC-04']],
  [
    'sources without security',
    'before',
    (image) => image.put('/etc/apt/sources.list', 'deb http://x noble main\n'),
    ['PKG-07'],
  ],
];

function paragraph(name: string, version: string): string {
  return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`;
}

function withPackage(image: SmallImage, name: string, version: string): void {
  const status = readFileSync(join(image.tree, 'var/lib/dpkg/status'), 'utf8');
  image.put('/var/lib/dpkg/status', `${status}\n${paragraph(name, version)}`);
}

function strayPackage(image: SmallImage): void {
  withPackage(image, 'stray', '1.0');
}

/** Of the shape of a key, and nobody's. */
function privateKey(): string {
  const kind = 'PRIVATE KEY';
  return `-----BEGIN ${kind}-----\n${'A'.repeat(64)}\n-----END ${kind}-----\n`;
}

const WARNINGS = /^(KRN-0[23]|IDN-03|IDN-05|IDN-09|LOG-01|TMP-01|PRV-01|PKG-0[789]|SVC-0[3478]|SYS-01)$/;

test.each(planted)('%s is found', async (_title, when, plant, rows) => {
  using image = new SmallImage();
  const key = image.rehearsal();
  if (when === 'before') plant(image);
  await image.seal(key);
  if (when === 'after') plant(image);
  const seen = await verified(image, key);
  for (const id of rows) {
    const row = seen.rows.find((one) => one.id === id);
    expect(row, id).toMatchObject({ status: WARNINGS.test(id) ? 'warning' : 'failed' });
  }
  expect(seen.exitCode).toBe(seen.rows.some(({ status }) => status === 'failed') ? 1 : 0);
});

test.each([
  ['an MBR', { label: 'dos' }, 'DSK-04'],
  ['something in the gap', { read: (_: number, length: number) => Buffer.alloc(length, 1) }, 'DSK-04'],
  ['LVM', { partitions: [{ start: 2048, size: 1, type: 'E6D6D379-F507-44C2-A23C-238F2A3DF928' }] }, 'DSK-05'],
  ['no loader for UEFI', { espFiles: [] }, 'DSK-06'],
  ['an encrypted partition', { read: () => Buffer.from('LUKS\xba\xbe', 'latin1') }, 'DSK-12'],
])('%s is found on the disk', async (_title, changes, id) => {
  using image = new SmallImage();
  const key = image.rehearsal();
  await image.seal(key);
  const seen = await verified(image, key, { disk: image.disk(changes) });
  expect(seen.rows.find((row) => row.id === id)).toMatchObject({ status: 'failed' });
});

test('a pending security update and a newer kernel are found, and silent sources are no pass', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  await image.seal(key);
  const line = 'Inst linux-image-7 [6] (7 Ubuntu:24.04/noble-security [amd64])';
  const seen = await verified(image, key, { pendingUpdates: async () => [line] });
  expect(notPassed(seen).map((text) => text.slice(0, 13))).toEqual(['failed KRN-06', 'failed PKG-03']);
  const silent = await verified(image, key, {
    pendingUpdates: () => Promise.reject(new Error('no network')),
  });
  expect(silent.exitCode).toBe(2);
});

test('another key does not open the evidence: nothing that rests on it passes', async () => {
  using image = new SmallImage();
  await image.seal(image.rehearsal());
  const seen = await verified(image, await image.publisher());
  expect(seen.exitCode).not.toBe(0);
  const failed = notPassed(seen).map((text) => /[A-Z]{3}-\d\d/.exec(text)?.[0]);
  expect(failed).toEqual(
    expect.arrayContaining(['EVD-01', 'EVD-02', 'EVD-03', 'EVD-04', 'EVD-05', 'PKG-05', 'SYS-02']),
  );
});

test('a passed check without its report is not run', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  const { lynis: _, ...documents } = image.documents();
  await image.seal(key, documents);
  const seen = await verified(image, key);
  expect(seen.exitCode).toBe(2);
  expect(notPassed(seen)).toEqual([expect.stringContaining('there is no lynis-report.dat')]);
});
