import { type FileSystem, readTextIfAny } from '../appliance/index.ts';
import type { CloudName } from './clouds/cloud.ts';
import { cloudShownBy } from './clouds/clouds.ts';
import { machineUuid, readFirmware } from './clouds/firmware.ts';
import { FirstBootError } from './failure.ts';

/** Who this machine is, found without the network. */
export interface Identity {
  readonly cloud: CloudName | 'none';
  /** The cloud's own name for the instance, where a cloud was recognised and its firmware names one. */
  readonly instanceId?: string;
  /** Tells this machine from a copy of it: the instance id, else the firmware's UUID, else the machine id. */
  readonly machineId: string;
}

/** Reads firmware tables and the machine id. Throws FirstBootError when the machine has no identity at all. */
export function readIdentity(fs: FileSystem): Identity {
  const firmware = readFirmware(fs);
  const shown = cloudShownBy(firmware);
  const cloud = shown?.name ?? 'none';
  const instanceId = shown?.instanceId?.(firmware);
  if (instanceId !== undefined) return { cloud, instanceId, machineId: instanceId };
  const machineId = machineUuid(firmware) ?? readTextIfAny(fs, '/etc/machine-id')?.trim();
  if (machineId === undefined || !/^[0-9a-f-]{32,36}$/.test(machineId)) {
    throw new FirstBootError(
      'this machine has neither a firmware UUID nor a machine id',
      "run 'systemd-machine-id-setup', then: systemctl restart litellm-firstboot",
    );
  }
  return { cloud, machineId };
}
