/** Hetzner Cloud API documentation, "Server Metadata". */
import { stringify } from 'yaml';
import { type FakeCloud, type FakeInstance, leaf, text } from './fake-cloud.ts';

const METADATA = '/hetzner/v1/metadata';

export function fakeHetzner(server: FakeInstance): FakeCloud {
  return {
    name: 'hetzner',
    answer({ path }) {
      if (path === METADATA) return text(stringify(everything(server)), 'text/yaml');
      return leaf(singleValues(server), path);
    },
  };
}

function values({ instanceId, region, hostName, publicIpv4 = '' }: FakeInstance) {
  return {
    'availability-zone': `${region}-dc1`,
    hostname: hostName,
    'instance-id': Number(instanceId),
    'public-ipv4': publicIpv4,
    region,
  };
}

function singleValues(server: FakeInstance): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values(server)).map(([name, value]) => [`${METADATA}/${name}`, `${value}`]),
  );
}

function everything(server: FakeInstance): object {
  const { publicIpv6 } = server;
  const subnets = [
    { dns_nameservers: ['185.12.64.1'], ipv4: true, type: 'dhcp' },
    ...(publicIpv6 === undefined
      ? []
      : [{ address: `${publicIpv6}/64`, gateway: 'fe80::1', ipv6: true, type: 'static' }]),
  ];
  const config = [{ mac_address: '96:00:00:08:19:da', name: 'eth0', subnets, type: 'physical' }];
  return {
    ...values(server),
    'network-config': { config, version: 1 },
    'public-keys': ['ssh-ed25519 AAAA somebody@somewhere'],
  };
}
