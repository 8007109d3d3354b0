import type { Cloud, CloudFacts } from './cloud.ts';
import { type Firmware, machineUuid } from './firmware.ts';
import { ifTold, type MetadataClient } from './metadata-client.ts';
import type { Question } from './metadata-http.ts';
import { USUAL_PLACE } from './usual-place.ts';
import { firstIpv4, firstWord, follow, hostNames, instanceIdIn } from './values.ts';

/** Tells Azure from any other Hyper-V, which shares everything else. */
const ASSET_TAG = '7783-7084-3265-9085-8269-3286-77';

const asked = (path: string): Question => ({ path, headers: { metadata: 'true' } });
const INSTANCE = asked('/metadata/instance?api-version=2021-02-01');
const LOAD_BALANCER = asked('/metadata/loadbalancer?api-version=2020-10-01');

/**
 * The public address is that of an interface, else the load balancer's. Many set-ups show neither. Public IPv6 is
 * never told.
 */
export const azure: Cloud = {
  name: 'azure',
  title: 'Azure',
  lookUp: 'see the portal',
  endpoints: [USUAL_PLACE],
  shows: ({ chassisAssetTag }) => chassisAssetTag === ASSET_TAG,
  instanceId: (firmware) => {
    const uuid = machineUuid(firmware);
    return uuid === undefined ? undefined : azureVmId(uuid, firmware);
  },
  async ask(client): Promise<CloudFacts> {
    const instance = await client.parsed(INSTANCE);
    const instanceId = instanceIdIn(follow(instance, 'compute', 'vmId'));
    const own = firstIpv4(follow(instance, 'network', 'interface', 'ipv4', 'ipAddress', 'publicIpAddress'));
    return {
      instanceId,
      region: firstWord(follow(instance, 'compute', 'location')),
      hostNames: hostNames(...follow(instance, 'compute', 'osProfile', 'computerName')),
      publicIpv4: own ?? (await loadBalancersAddress(client)),
    };
  },
};

/** Asked only where no interface has one: Azure answers 404 where no load balancer stands before the machine. */
async function loadBalancersAddress(client: MetadataClient): Promise<string | undefined> {
  const answer = await ifTold(client.parsedIfAny(LOAD_BALANCER));
  return firstIpv4(follow(answer, 'loadbalancer', 'publicIpAddresses', 'frontendIpAddress'));
}

/**
 * Azure's vmId. Firmware of the first generation (BIOS) stores the first three groups of the UUID in the other byte
 * order than the kernel shows them; with UEFI the two are equal.
 */
export function azureVmId(uuid: string, { hasUefi }: Pick<Firmware, 'hasUefi'>): string {
  if (hasUefi) return uuid;
  const groups = uuid.split('-');
  return groups.map((group, index) => (index < 3 ? swapBytes(group) : group)).join('-');
}

function swapBytes(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().toString('hex');
}
