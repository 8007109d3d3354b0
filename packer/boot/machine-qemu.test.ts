import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeOverlay, qemuCommand } from './machine-qemu.ts';
import { closedWire } from './open-wire.ts';

const hardware = {
  directory: '/machine',
  disk: '/machine/disk.qcow2',
  seed: '/machine/seed.iso',
  firmware: 'bios',
  smbios: { uuid: 'u' },
  withheld: [],
  wire: closedWire({ 22: 2422 }),
  vcpus: 2,
  acceleration: { program: 'some-qemu', accelerator: 'tcg,thread=multi', cpu: 'Opteron_G3', smp: '1' },
} as const;

test('the machine is QEMU with its disk, its seed and its wire, and dies with who started it', () => {
  const command = qemuCommand(hardware);
  expect(command.slice(0, 4)).toEqual(['setpriv', '--pdeathsig', 'KILL', 'some-qemu']);
  expect(command).toEqual(expect.arrayContaining(['file=/machine/disk.qcow2,if=virtio,format=qcow2']));
  expect(command.at(command.indexOf('-cdrom') + 1)).toBe('/machine/seed.iso');
  expect(command.at(command.indexOf('-netdev') + 1)).toBe(hardware.wire.netdev);
  expect(command.at(command.indexOf('-accel') + 1)).toBe('tcg,thread=multi');
  expect(command.at(command.indexOf('-cpu') + 1)).toBe('Opteron_G3');
});

test('it says of itself what a cloud’s machine does, commas and all', () => {
  const smbios = {
    manufacturer: 'QEMU',
    product: 'Standard PC (i440FX + PIIX, 1996)',
    boardAssetTag: 'i-0abc',
    chassisAssetTag: 'OracleCloud.com',
  };
  expect(qemuCommand({ ...hardware, smbios }).filter((part) => part.startsWith('type='))).toEqual([
    'type=1,manufacturer=QEMU,product=Standard PC (i440FX + PIIX,, 1996)',
    'type=2,asset=i-0abc',
    'type=3,asset=OracleCloud.com',
  ]);
});

test('a unit that is withheld is given a condition that never holds', () => {
  const [table = ''] = qemuCommand({ ...hardware, smbios: {}, withheld: ['slow.service'] }).filter((part) =>
    part.startsWith('type='),
  );
  const [, name, dropIn = ''] =
    /^type=11,value=io\.systemd\.credential\.binary:([^=]+)=(.+)$/.exec(table) ?? [];
  expect(name).toBe('systemd.unit-dropin.slow.service');
  expect(Buffer.from(dropIn, 'base64').toString()).toBe('[Unit]\nConditionPathExists=/withheld\n');
});

test('UEFI adds its firmware and a store of the machine’s own', () => {
  const files = qemuCommand({ ...hardware, firmware: 'uefi' }).filter((part) => part.startsWith('if=pflash'));
  expect(files).toHaveLength(2);
  expect(files[0]).toContain('readonly=on');
  expect(files[1]).toContain('/machine/');
});

test.each(['raw', 'qcow2'] as const)(
  'an overlay stands on a %s disk, which stays as it is, and may be larger',
  async (format) => {
    const directory = mkdtempSync(join(tmpdir(), 'overlay-'));
    const [image, overlay] = [join(directory, 'image'), join(directory, 'overlay')];
    if (format === 'raw') writeFileSync(image, Buffer.alloc(2 ** 20));
    else execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1M']);
    await makeOverlay(image, format, overlay);
    const info = JSON.parse(
      execFileSync('qemu-img', ['info', '--output=json', overlay], { encoding: 'utf8' }),
    );
    expect(info).toMatchObject({ 'virtual-size': 2 ** 20, 'backing-filename-format': format });
    await makeOverlay(image, format, overlay, 4);
    const larger = execFileSync('qemu-img', ['info', '--output=json', overlay], { encoding: 'utf8' });
    expect(JSON.parse(larger)).toMatchObject({ 'virtual-size': 2 ** 20 + 4 * 2 ** 30 });
    rmSync(directory, { recursive: true });
  },
);
