import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import type { FileSystem } from '../appliance/index.ts';
import { cloudFirmware, dmiFiles } from '../tests/harness/cloud-firmware.ts';
import { cloudNames, instanceIds } from '../tests/harness/metadata/fake-clouds.ts';
import { azureVmId } from './clouds/azure.ts';
import { clouds } from './clouds/clouds.ts';
import { readFirmware } from './clouds/firmware.ts';
import { readIdentity } from './identity.ts';

const UUID = '4f1c8a52-6f0e-4c5b-9a52-0d1f5a3c2b11';
const SWAPPED = '528a1c4f-0e6f-5b4c-9a52-0d1f5a3c2b11';
const AZURE = '7783-7084-3265-9085-8269-3286-77';
const MACHINE_ID = 'a1'.repeat(16);
const UEFI = { '/sys/firmware/efi': '' };

/** A file system that holds these files and no others. */
function holding(files: Readonly<Record<string, string>>): FileSystem {
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  const readFileSync = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw missing;
    return text;
  };
  return {
    ...fs,
    readFileSync: readFileSync as unknown as FileSystem['readFileSync'],
    existsSync: (path) => `${path}` in files,
  };
}

const inDmi = (files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`/sys/class/dmi/id/${name}`, text]));

const dmi = (uuid: string, assetTag: string): Record<string, string> =>
  inDmi({ product_uuid: `${uuid}\n`, chassis_asset_tag: `${assetTag}\n` });

test.each([
  ['Azure with UEFI names the VM id', { ...dmi(UUID, AZURE), ...UEFI }, UUID, 'azure', UUID],
  ['Azure with BIOS names the VM id with swapped bytes', dmi(UUID, AZURE), SWAPPED, 'azure', SWAPPED],
  ['upper case is the same machine', dmi(UUID.toUpperCase(), 'x'), UUID, 'none', undefined],
  [
    'firmware without UUID leaves the machine id',
    { ...dmi('00000000-0000-0000-0000-000000000000', 'x'), '/etc/machine-id': `${MACHINE_ID}\n` },
    MACHINE_ID,
    'none',
    undefined,
  ],
])('%s', (_title, files, machineId, cloud, instanceId) => {
  const identity = readIdentity(holding(files));
  expect(identity).toEqual({ cloud, machineId, ...(instanceId === undefined ? {} : { instanceId }) });
});

/** The clouds whose firmware does not name the instance. */
const NAMELESS = ['gcp', 'oracle'];

test.each(cloudNames)('the firmware of %s is known, and is that of no other cloud', (name) => {
  const system = holding({ ...inDmi(dmiFiles(cloudFirmware[name])), ...UEFI });
  const shown = Object.values(clouds).filter((cloud) => cloud.shows(readFirmware(system)));
  expect(shown.map((cloud) => cloud.name)).toEqual([name]);
  const { uuid } = cloudFirmware[name];
  expect(readIdentity(system)).toEqual(
    NAMELESS.includes(name)
      ? { cloud: name, machineId: uuid }
      : { cloud: name, instanceId: instanceIds[name], machineId: instanceIds[name] },
  );
});

const EC2_UUID = 'ec2e1f8a-5b3c-4d2e-9f01-7a8b9c0d1e2f';
const xen = { sys_vendor: 'Xen', product_name: 'HVM domU' };

test.each([
  ['in capitals', inDmi({ ...xen, product_uuid: EC2_UUID.toUpperCase() })],
  ['in the other byte order', inDmi({ ...xen, product_uuid: '45e12aec-dcd1-b213-94ed-012345abcdef' })],
  ['from the hypervisor', { ...inDmi({ ...xen, product_uuid: UUID }), '/sys/hypervisor/uuid': EC2_UUID }],
])('AWS on Xen is known by its UUID, %s, and names no instance', (_title, files) => {
  const identity = readIdentity(holding(files));
  expect(identity).toMatchObject({ cloud: 'aws' });
  expect(identity).not.toHaveProperty('instanceId');
});

test.each([
  [
    'Hyper-V',
    { sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine', chassis_asset_tag: '7783-0000' },
  ],
  [
    'a KVM whose UUID begins like EC2’s',
    { sys_vendor: 'QEMU', product_uuid: EC2_UUID, product_serial: EC2_UUID },
  ],
  ['a Xen of one’s own', { ...xen, product_uuid: UUID }],
  ['a computer that Google sells', { sys_vendor: 'Google', product_name: 'Eve' }],
  [
    'Oracle VM VirtualBox',
    { sys_vendor: 'innotek GmbH', product_name: 'VirtualBox', chassis_asset_tag: 'Oracle' },
  ],
  ['a vendor that only begins like one', { sys_vendor: 'DigitalOceanic', product_name: 'Hetzner' }],
  ['a product that only speaks of OpenStack', { sys_vendor: 'OpenStack Foundation', product_name: 'Ironic' }],
  ['Alibaba Cloud', { sys_vendor: 'Alibaba Cloud', product_name: 'Alibaba Cloud ECS' }],
  ['Vultr', { sys_vendor: 'Vultr', product_name: 'VC2', product_serial: '22532410' }],
  ['VMware', { sys_vendor: 'VMware, Inc.', product_name: 'VMware7,1' }],
])('%s is no cloud of ours', (_title, files) => {
  const identity = readIdentity(holding({ ...inDmi({ product_uuid: UUID, ...files }), ...UEFI }));
  expect(identity).toEqual({ cloud: 'none', machineId: 'product_uuid' in files ? files.product_uuid : UUID });
});

test('Azure without a UUID has no instance id that could become a password', () => {
  const files = { ...dmi('', AZURE), '/etc/machine-id': MACHINE_ID };
  expect(readIdentity(holding(files))).toEqual({ cloud: 'azure', machineId: MACHINE_ID });
});

test.each(['', 'Not Specified', 'i-', 'i-0123456z', '22532410 '.repeat(2)])(
  'a firmware whose place for the id holds %j names no instance',
  (nonsense) => {
    for (const name of ['aws', 'digitalocean', 'hetzner'] as const) {
      const files = dmiFiles(cloudFirmware[name]);
      const place = name === 'aws' ? 'board_asset_tag' : 'product_serial';
      const identity = readIdentity(holding(inDmi({ ...files, [place]: nonsense })));
      expect(identity).toEqual({ cloud: name, machineId: cloudFirmware[name].uuid });
    }
  },
);

test.each([['nothing'], ['uninitialized']])('a machine id that is %s is no identity', (text) => {
  const files: Record<string, string> = text === 'nothing' ? {} : { '/etc/machine-id': `${text}\n` };
  expect(() => readIdentity(holding(files))).toThrow('neither a firmware UUID nor a machine id');
});

test('swapping twice gives the same id', () => {
  const once = azureVmId(UUID, { hasUefi: false });
  expect(azureVmId(once, { hasUefi: false })).toBe(UUID);
});
