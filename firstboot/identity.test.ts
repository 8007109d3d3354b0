import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import type { FileSystem } from '../appliance/index.ts';
import { azureVmId, readIdentity } from './identity.ts';

const UUID = '4f1c8a52-6f0e-4c5b-9a52-0d1f5a3c2b11';
const SWAPPED = '528a1c4f-0e6f-5b4c-9a52-0d1f5a3c2b11';
const AZURE = '7783-7084-3265-9085-8269-3286-77';

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

const dmi = (uuid: string, assetTag: string): Record<string, string> => ({
  '/sys/class/dmi/id/product_uuid': `${uuid}\n`,
  '/sys/class/dmi/id/chassis_asset_tag': `${assetTag}\n`,
});

test.each([
  ['Azure with UEFI names the VM id', { ...dmi(UUID, AZURE), '/sys/firmware/efi': '' }, UUID, 'azure', UUID],
  ['Azure with BIOS names the VM id with swapped bytes', dmi(UUID, AZURE), SWAPPED, 'azure', SWAPPED],
  ['upper case is the same machine', dmi(UUID.toUpperCase(), 'x'), UUID, 'none', undefined],
  ['Hyper-V that is not Azure is no cloud', dmi(UUID, '7783-0000'), UUID, 'none', undefined],
  [
    'firmware without UUID leaves the machine id',
    { ...dmi('00000000-0000-0000-0000-000000000000', 'x'), '/etc/machine-id': `${'a1'.repeat(16)}\n` },
    'a1'.repeat(16),
    'none',
    undefined,
  ],
])('%s', (_title, files, machineId, cloud, instanceId) => {
  const identity = readIdentity(holding(files));
  expect(identity).toEqual({ cloud, machineId, ...(instanceId === undefined ? {} : { instanceId }) });
});

test('Azure without a UUID has no instance id that could become a password', () => {
  const files = { ...dmi('', AZURE), '/etc/machine-id': 'a1'.repeat(16) };
  expect(readIdentity(holding(files))).toEqual({ cloud: 'azure', machineId: 'a1'.repeat(16) });
});

test.each([['nothing'], ['uninitialized']])('a machine id that is %s is no identity', (text) => {
  const files: Record<string, string> = text === 'nothing' ? {} : { '/etc/machine-id': `${text}\n` };
  expect(() => readIdentity(holding(files))).toThrow('neither a firmware UUID nor a machine id');
});

test('swapping twice gives the same id', () => {
  expect(azureVmId(azureVmId(UUID, false), false)).toBe(UUID);
});
