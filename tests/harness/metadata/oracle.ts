/** Oracle Cloud Infrastructure, "Getting Instance Metadata": version 2, with version 1 switched off. */
import { type FakeCloud, type FakeInstance, json, refused, unknownPath } from './fake-cloud.ts';

/** Only with its authorization. It knows no public IPv4 address. */
export function fakeOracle(instance: FakeInstance): FakeCloud {
  return {
    name: 'oracle',
    answer({ path, headers }) {
      if (!path.startsWith('/opc/v2/')) return unknownPath;
      if (headers.authorization !== 'Bearer Oracle') return refused(401, "no 'Authorization: Bearer Oracle'");
      if (path === '/opc/v2/instance/') return json(instanceOf(instance));
      return path === '/opc/v2/vnics/' ? json([vnic(instance)]) : unknownPath;
    },
  };
}

function instanceOf({ instanceId, region, hostName }: FakeInstance): object {
  return {
    ...{ id: instanceId, displayName: hostName, hostname: hostName, state: 'Running' },
    ...{ region: 'phx', canonicalRegionName: region, shape: 'VM.Standard.E4.Flex' },
  };
}

function vnic({ privateIpv4, publicIpv6 }: FakeInstance): object {
  return {
    ...{ vnicId: 'ocid1.vnic.oc1.phx.abyhqljt', privateIp: privateIpv4, macAddr: '02:00:17:05:D1:DB' },
    ...{ virtualRouterIp: '10.0.0.1', subnetCidrBlock: '10.0.0.0/24', vlanTag: 1039 },
    ...(publicIpv6 !== undefined && { ipv6Addresses: [publicIpv6] }),
  };
}
