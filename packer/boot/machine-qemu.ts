import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import type { Acceleration } from '../acceleration.ts';
import type { Wire } from './wire.ts';

export type Firmware = 'bios' | 'uefi';

/** Values of the machine's SMBIOS tables, which is how a guest learns what it is and what cloud it is in. */
export interface Smbios {
  readonly manufacturer?: string;
  readonly product?: string;
  readonly serial?: string;
  readonly uuid?: string;
  readonly boardAssetTag?: string;
  readonly chassisAssetTag?: string;
}

/** What QEMU is started with. */
export interface Hardware {
  readonly directory: string;
  readonly disk: string;
  readonly seed: string;
  readonly firmware: Firmware;
  readonly smbios: Smbios;
  /** Units that this machine is not to start. */
  readonly withheld: readonly string[];
  readonly wire: Wire;
  readonly vcpus: number;
  readonly acceleration: Acceleration;
}

const MEMORY_MIB = 4096;
const OVMF = '/usr/share/OVMF';

/** Files of one machine, all in its directory. */
export const filesOf = (directory: string) => ({
  disk: join(directory, 'disk.qcow2'),
  serial: join(directory, 'serial.log'),
  monitor: join(directory, 'qmp.sock'),
  errors: join(directory, 'qemu.log'),
  variables: join(directory, 'efi-variables.fd'),
});

/** Makes the machine's own disk on top of `image`, which stays as it is; `moreGiB` larger, as a cloud's disk may be. */
export async function makeOverlay(
  image: string,
  format: 'raw' | 'qcow2',
  disk: string,
  moreGiB = 0,
): Promise<void> {
  await $({ quiet: true })`qemu-img create -q -f qcow2 -b ${image} -F ${format} ${disk}`;
  if (moreGiB > 0) await $({ quiet: true })`qemu-img resize -q ${disk} +${moreGiB}G`;
}

/** UEFI keeps its variables on the machine: each starts from an empty store of its own. */
export function makeVariables(directory: string): void {
  copyFileSync(join(OVMF, 'OVMF_VARS_4M.fd'), filesOf(directory).variables);
}

/** The program and arguments that run this machine. */
export function qemuCommand(hardware: Hardware): string[] {
  const { directory, disk, seed, wire, vcpus, acceleration } = hardware;
  const { serial, monitor } = filesOf(directory);
  return [
    ...wire.launcher,
    // The machine must not outlive the program that started it.
    ...['setpriv', '--pdeathsig', 'KILL'],
    acceleration.program,
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'std'],
    ...['-machine', 'q35', '-accel', acceleration.accelerator, '-cpu', acceleration.cpu],
    ...['-smp', `${vcpus}`, '-m', `${MEMORY_MIB}`],
    ...firmware(hardware),
    ...smbios(hardware.smbios),
    ...hardware.withheld.flatMap(withhold),
    ...['-drive', `file=${disk},if=virtio,format=qcow2`, '-cdrom', seed],
    ...['-netdev', wire.netdev, '-device', `virtio-net-pci,netdev=wire,mac=${wire.mac}`],
    ...['-device', 'virtio-rng-pci'],
    // Appended to: the console of every boot stays.
    ...['-chardev', `file,id=serial,path=${serial},append=on`, '-serial', 'chardev:serial'],
    ...['-qmp', `unix:${monitor},server=on,wait=off`],
  ];
}

function firmware({ firmware: kind, directory }: Hardware): string[] {
  if (kind === 'bios') return [];
  const pflash = (file: string, extra: string): string[] => [
    '-drive',
    `if=pflash,format=raw,file=${file}${extra}`,
  ];
  return [
    ...pflash(join(OVMF, 'OVMF_CODE_4M.fd'), ',readonly=on'),
    ...pflash(filesOf(directory).variables, ''),
  ];
}

function smbios({ boardAssetTag, chassisAssetTag, ...system }: Smbios): string[] {
  const { manufacturer, product, serial, uuid } = system;
  return [
    ...smbiosTable(1, { manufacturer, product, serial, uuid }),
    ...smbiosTable(2, { asset: boardAssetTag }),
    ...smbiosTable(3, { asset: chassisAssetTag }),
  ];
}

/** A drop-in for the unit, handed over by the firmware (systemd.system-credentials(7)): one that never comes to be true. */
function withhold(unit: string): string[] {
  const dropIn = Buffer.from('[Unit]\nConditionPathExists=/withheld\n').toString('base64');
  return ['-smbios', `type=11,value=io.systemd.credential.binary:systemd.unit-dropin.${unit}=${dropIn}`];
}

function smbiosTable(type: number, values: Readonly<Record<string, string | undefined>>): string[] {
  // To QEMU a comma ends the value, and two are one.
  const settings = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`,${key}=${value.replaceAll(',', ',,')}`],
  );
  return settings.length === 0 ? [] : ['-smbios', `type=${type}${settings.join('')}`];
}
