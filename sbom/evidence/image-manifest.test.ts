import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareWithManifest } from '../../operator/index.ts';
import { facts, SmallImage } from '../../tests/harness/small-image.ts';
import { imageManifest } from './image-manifest.ts';
import { readOwners } from './package-files.ts';

function listed(image: SmallImage) {
  const { tree, manifest } = image;
  return imageManifest({ tree, facts, manifest, rehearsal: true });
}

test('programs, libraries and settings are listed with what an intruder would change', () => {
  using image = new SmallImage();
  symlinkSync('tool', join(image.tree, 'usr/bin/alias'));
  const { files, documents, rehearsal } = listed(image);
  const file = (path: string) => files.find((one) => one.path === path);
  expect(file('/usr/bin/tool')).toMatchObject({
    kind: 'file',
    mode: '0755',
    uid: 0,
    gid: 0,
    package: 'nginx',
  });
  expect(file('/usr/bin/alias')).toMatchObject({ kind: 'link' });
  expect(file('/opt/litellm/gateway.mjs')?.package).toBeUndefined();
  expect(documents).toEqual(['/etc/lynxroute/cis-report.html', '/etc/lynxroute/sbom.json']);
  expect(rehearsal).toBe(true);
});

test.each([
  '/etc/shadow',
  '/etc/machine-id',
  '/etc/ssh/ssh_host_rsa_key',
  '/etc/litellm/tls/key.pem',
  '/boot/grub/grub.cfg',
  '/usr/lib/python3/__pycache__/x.pyc',
  '/var/log/syslog',
  // First boot, PAM and cloud-init: accounts, the boot menu, the place where the machine runs.
  '/etc/passwd-',
  '/etc/security/opasswd',
  '/etc/netplan/50-cloud-init.yaml',
  '/etc/apt/sources.list.d/debian.sources',
  '/etc/iscsi/initiatorname.iscsi',
  '/etc/locale.gen',
  // Made anew by auditd, by certbot, with each kernel and by unattended upgrades.
  '/etc/audit/audit.rules',
  '/etc/letsencrypt/renewal/gateway.example.com.conf',
  '/boot/initrd.img-6.12.0-1-cloud-amd64',
  '/etc/ld.so.cache',
])('%s is of the machine itself and not listed', (path) => {
  using image = new SmallImage();
  image.put(path, 'x');
  expect(listed(image).files.map((file) => file.path)).not.toContain(path);
});

test.each([
  '/etc/audit/rules.d/50-litellm.rules',
  '/etc/audit/auditd.conf',
  '/etc/apt/apt.conf.d/60litellm-updates',
  '/etc/grub.d/10_linux',
  '/etc/default/grub.d/60-litellm.cfg',
  '/etc/pam.d/common-password',
  '/etc/security/pwquality.conf',
  '/etc/fail2ban/jail.d/litellm-edge.conf',
  '/etc/ssh/sshd_config',
  '/etc/sudoers.d/10-litellm',
  '/etc/ufw/before.rules',
  '/etc/systemd/system/litellm.service',
  '/etc/aide/aide.conf',
  '/boot/vmlinuz-6.12.0-1-cloud-amd64',
  '/usr/lib/systemd/systemd',
  '/opt/litellm/appliance.json',
])("%s stays as it was shipped: it is listed and not the operator's", (path) => {
  using image = new SmallImage();
  image.put(path, 'x');
  const { files, editable } = listed(image);
  expect(files.map((file) => file.path)).toContain(path);
  expect(editable.filter((one) => path === one || (one.endsWith('/') && path.startsWith(one)))).toEqual([]);
});

test('what the guide says where to edit, and what programs write anew on the machine, is told as edited', () => {
  using image = new SmallImage();
  const written = [
    '/etc/ufw/litellm-egress/ipv4.rules',
    '/etc/ufw/litellm-egress/ipv6.rules',
    '/etc/ufw/user.rules',
    '/etc/nginx/litellm/access.conf',
    '/etc/nginx/sites-available/litellm',
    '/etc/litellm/config.yaml',
    '/etc/apt/apt.conf.d/02autoremove-postgresql',
    '/etc/systemd/system/apt-daily-upgrade.timer.d/litellm.conf',
  ];
  const program = '/usr/sbin/sshd';
  for (const path of [...written, program]) image.put(path, 'as shipped');
  const manifest = listed(image);
  for (const path of [...written, program]) image.put(path, 'written anew');
  const { differences } = compareWithManifest(image.tree, manifest, []);
  const states = Object.fromEntries(differences.map(({ path, state }) => [path, state]));
  expect(states).toEqual({
    ...Object.fromEntries(written.map((path) => [path, 'edited'])),
    [program]: 'changed',
  });
});

test('what the operator may edit is what his guide says, and the edge', () => {
  using image = new SmallImage();
  const { editable, closed } = listed(image);
  expect(editable).toEqual(expect.arrayContaining(['/etc/litellm/', '/etc/nginx/litellm/']));
  expect(closed).toEqual(['/opt/litellm', '/etc/lynxroute']);
});

test('a file belongs to the package that lists it, also by its old place, a diversion, or ucf', () => {
  using image = new SmallImage();
  image.put('/var/lib/dpkg/info/libc6:amd64.list', '/lib/libc.so.6\n/usr/bin/ldd\n');
  image.put('/var/lib/dpkg/info/other.list', '/usr/bin/ldd\n');
  image.put('/var/lib/dpkg/diversions', '/usr/bin/ldd\n/usr/bin/ldd.distrib\nother\n');
  image.put('/var/lib/ucf/registry', 'openssh-server \t /etc/ssh/sshd_config\n');
  const owners = readOwners(image.tree);
  expect(owners.get('/usr/lib/libc.so.6')).toBe('libc6');
  expect(owners.get('/usr/bin/ldd')).toBe('other');
  expect(owners.get('/usr/bin/ldd.distrib')).toBe('libc6');
  expect(owners.get('/etc/ssh/sshd_config')).toBe('openssh-server');
});
