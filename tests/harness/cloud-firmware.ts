import type { CloudName } from '../../firstboot/index.ts';
import type { Firmware, Smbios } from '../../packer/index.ts';
import { instanceIds } from './metadata/fake-clouds.ts';

const UUID = '3c6f4a1e-90d2-4b7e-8c11-5a7d2e4f6b90';
const EC2_UUID = 'ec2e1f8a-5b3c-4d2e-9f01-7a8b9c0d1e2f';

/** What the firmware of a machine says in each cloud, as QEMU can say it. Azure's UUID is its id in UEFI's byte order. */
export const cloudFirmware: Readonly<Record<CloudName, Smbios>> = {
  azure: {
    manufacturer: 'Microsoft Corporation',
    product: 'Virtual Machine',
    uuid: instanceIds.azure,
    chassisAssetTag: '7783-7084-3265-9085-8269-3286-77',
  },
  aws: {
    manufacturer: 'Amazon EC2',
    product: 't3.large',
    serial: EC2_UUID,
    uuid: EC2_UUID,
    boardAssetTag: instanceIds.aws,
    chassisAssetTag: 'Amazon EC2',
  },
  gcp: {
    manufacturer: 'Google',
    product: 'Google Compute Engine',
    serial: 'GoogleCloud-3C6F4A1E90D24B7E8C115A7D2E4F6B90',
    uuid: UUID,
  },
  digitalocean: {
    manufacturer: 'DigitalOcean',
    product: 'Droplet',
    serial: instanceIds.digitalocean,
    uuid: UUID,
  },
  hetzner: { manufacturer: 'Hetzner', product: 'vServer', serial: instanceIds.hetzner, uuid: UUID },
  oracle: {
    manufacturer: 'QEMU',
    product: 'Standard PC (i440FX + PIIX, 1996)',
    uuid: UUID,
    chassisAssetTag: 'OracleCloud.com',
  },
  openstack: {
    manufacturer: 'OpenStack Foundation',
    product: 'OpenStack Nova',
    serial: instanceIds.openstack,
    uuid: instanceIds.openstack,
  },
};

/** Azure's machines of the first generation: by BIOS the kernel shows the first three groups of the id in the other byte order. */
const AZURE_UUID_BY_BIOS = '528a1c4f-0e6f-5b4c-9a52-0d1f5a3c2b11';

/** The same for a machine that is started by this firmware. */
export function smbiosOf(cloud: CloudName, firmware: Firmware): Smbios {
  const swapped = cloud === 'azure' && firmware === 'bios' ? { uuid: AZURE_UUID_BY_BIOS } : {};
  return { ...cloudFirmware[cloud], ...swapped };
}

const files: Readonly<Record<keyof Smbios, string>> = {
  manufacturer: 'sys_vendor',
  product: 'product_name',
  serial: 'product_serial',
  uuid: 'product_uuid',
  boardAssetTag: 'board_asset_tag',
  chassisAssetTag: 'chassis_asset_tag',
};

/** The same as the kernel shows it: files of /sys/class/dmi/id by name. */
export function dmiFiles(smbios: Smbios): Record<string, string> {
  const entries = Object.entries(smbios) as [keyof Smbios, string][];
  return Object.fromEntries(entries.map(([field, value]) => [files[field], `${value}\n`]));
}
