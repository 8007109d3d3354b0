import { expect, test } from 'vitest';
import { $ } from 'zx';
import { ensureTools } from '../tools.ts';
import { grubConfig, grubStub } from './grub-config.ts';

const uuid = '0f1e2d3c-0000-4000-8000-000000000001';
const config = grubConfig({
  title: 'Debian GNU/Linux 13 (trixie)',
  rootUuid: uuid,
  release: '6.12.1-amd64',
  kernelArguments: ['rootdelay=300'],
});

test("GRUB's own checker accepts the configuration", async () => {
  await ensureTools('unit');
  const checked = await $({ quiet: true, nothrow: true, input: config })`grub-script-check`;
  expect(checked.stderr).toBe('');
  expect(checked.exitCode).toBe(0);
});

test('kernel and root file system are named by release and id, with the serial console last and what the target wants behind', () => {
  expect(config).toContain(
    `linux /boot/vmlinuz-6.12.1-amd64 root=UUID=${uuid} ro console=tty0 console=ttyS0,115200 apparmor=1 security=apparmor rootdelay=300\n`,
  );
  expect(config).toContain('initrd /boot/initrd.img-6.12.1-amd64');
});

test('the BIOS core goes on by itself; only UEFI is told to read the configuration', () => {
  expect(grubStub(uuid, 'bios')).not.toContain('configfile');
  expect(grubStub(uuid, 'uefi')).toContain('configfile $prefix/grub.cfg');
});
