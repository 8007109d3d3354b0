/** DigitalOcean, "Droplet Metadata API reference", /metadata/v1.json. */
import { type FakeCloud, type FakeInstance, json, unknownPath } from './fake-cloud.ts';

export interface FakeDroplet extends FakeInstance {
  /** An address that is assigned to the droplet and goes before its own. */
  readonly reservedIpv4?: string;
}

export function fakeDigitalOcean(droplet: FakeDroplet): FakeCloud {
  return {
    name: 'digitalocean',
    answer: ({ path }) => (path === '/metadata/v1.json' ? json(dropletOf(droplet)) : unknownPath),
  };
}

function dropletOf(droplet: FakeDroplet): object {
  const { instanceId, region, hostName, privateIpv4, publicIpv4, publicIpv6, reservedIpv4 } = droplet;
  const ipv4 = (address: string): object => ({
    ip_address: address,
    netmask: '255.255.240.0',
    gateway: '198.51.100.1',
  });
  const reserved =
    reservedIpv4 === undefined ? { active: false } : { ip_address: reservedIpv4, active: true };
  const outer = {
    ...(publicIpv4 !== undefined && { ipv4: ipv4(publicIpv4) }),
    ...(publicIpv6 !== undefined && { ipv6: { ip_address: longForm(publicIpv6), cidr: 64 } }),
    anchor_ipv4: ipv4('10.17.0.5'),
    mac: '04:01:57:d1:9e:01',
    type: 'public',
  };
  const inner = { ipv4: ipv4(privateIpv4), mac: '04:01:57:d1:9e:02', type: 'private' };
  return {
    ...{ droplet_id: Number(instanceId), hostname: hostName, region, public_keys: [], tags: null },
    interfaces: { public: [outer], private: [inner] },
    ...{ floating_ip: { ipv4: reserved }, reserved_ip: { ipv4: reserved } },
  };
}

/** As DigitalOcean writes it: capitals, every zero. */
function longForm(ipv6: string): string {
  const [before = '', after = ''] = ipv6.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const middle = Array(8 - groups(before).length - groups(after).length).fill('0');
  const all = [...groups(before), ...middle, ...groups(after)];
  return all.map((group) => group.padStart(4, '0').toUpperCase()).join(':');
}
