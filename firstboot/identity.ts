import { type FileSystem, readTextIfAny } from '../appliance/index.ts';
import { FirstBootError } from './failure.ts';

export type Cloud = 'azure' | 'none';

/** Who this machine is, found without the network. */
export interface Identity {
  readonly cloud: Cloud;
  /** The cloud's own name for the instance, where a cloud was recognised and names one. */
  readonly instanceId?: string;
  /** Tells this machine from a copy of it: the instance id, else the firmware's UUID, else the machine id. */
  readonly machineId: string;
}

const AZURE_ASSET_TAG = '7783-7084-3265-9085-8269-3286-77';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NO_UUID = /^(?:0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})$/;

/** Reads firmware tables and the machine id. Throws FirstBootError when the machine has no identity at all. */
export function readIdentity(fs: FileSystem): Identity {
  const cloud = cloudOf(fs);
  const uuid = firmwareUuid(fs);
  if (cloud === 'azure' && uuid !== undefined) {
    const instanceId = azureVmId(uuid, fs.existsSync('/sys/firmware/efi'));
    return { cloud, instanceId, machineId: instanceId };
  }
  const machineId = uuid ?? readTextIfAny(fs, '/etc/machine-id')?.trim();
  if (machineId === undefined || !/^[0-9a-f-]{32,36}$/.test(machineId)) {
    throw new FirstBootError(
      'this machine has neither a firmware UUID nor a machine id',
      "run 'systemd-machine-id-setup', then: systemctl restart litellm-firstboot",
    );
  }
  return { cloud, machineId };
}

/**
 * Azure's vmId. Firmware of the first generation (BIOS) stores the first three groups of the UUID in the other byte
 * order than the kernel shows them; with UEFI the two are equal.
 */
export function azureVmId(productUuid: string, hasUefi: boolean): string {
  const uuid = productUuid.toLowerCase();
  if (hasUefi) return uuid;
  const groups = uuid.split('-');
  return groups.map((group, index) => (index < 3 ? swapBytes(group) : group)).join('-');
}

function swapBytes(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().toString('hex');
}

function cloudOf(fs: FileSystem): Cloud {
  return dmi(fs, 'chassis_asset_tag') === AZURE_ASSET_TAG ? 'azure' : 'none';
}

function firmwareUuid(fs: FileSystem): string | undefined {
  const uuid = dmi(fs, 'product_uuid')?.toLowerCase();
  return uuid !== undefined && UUID.test(uuid) && !NO_UUID.test(uuid) ? uuid : undefined;
}

function dmi(fs: FileSystem, name: string): string | undefined {
  return readTextIfAny(fs, `/sys/class/dmi/id/${name}`)?.trim();
}
