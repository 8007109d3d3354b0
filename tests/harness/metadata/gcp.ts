/** Google Compute Engine, "Predefined metadata keys" and "Query VM metadata". */
import { type FakeCloud, type FakeInstance, leaf, refused } from './fake-cloud.ts';

const INSTANCE = '/computeMetadata/v1/instance/';
const FLAVOR = { 'metadata-flavor': 'Google' };

/** Only with the flavour, which every answer carries as well. */
export function fakeGcp(instance: FakeInstance): FakeCloud {
  return {
    name: 'gcp',
    answer({ path, headers }) {
      if (headers['metadata-flavor'] !== 'Google') return refused(403, "no header 'Metadata-Flavor: Google'");
      return { ...leaf(keys(instance), path, 'application/text'), headers: FLAVOR };
    },
  };
}

function keys(instance: FakeInstance): Record<string, string | undefined> {
  const { instanceId, region, hostName, privateIpv4, publicIpv4, publicIpv6 } = instance;
  const values = {
    id: instanceId,
    hostname: hostName,
    zone: `projects/123456789012/zones/${region}-b`,
    'network-interfaces/0/ip': privateIpv4,
    'network-interfaces/0/access-configs/0/external-ip': publicIpv4,
    'network-interfaces/0/ipv6s': publicIpv6 === undefined ? undefined : `${publicIpv6}\n`,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [INSTANCE + name, value]));
}
