import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
])('%s is of the machine itself and not listed', (path) => {
  using image = new SmallImage();
  image.put(path, 'x');
  expect(listed(image).files.map((file) => file.path)).not.toContain(path);
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
