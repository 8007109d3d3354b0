import { parse } from 'yaml';
import type { Cloud, CloudFacts } from './cloud.ts';
import type { Format } from './metadata-client.ts';
import { USUAL_PLACE } from './usual-place.ts';
import { firstIpv4, firstPublicIpv6, firstWord, follow, hostNames, instanceIdIn } from './values.ts';

const SERVER_ID = /^\d+$/;
const yaml: Format = { name: 'YAML', parse: (text) => parse(text) };

/** Everything is one text. IPv6 stands in what the server configures its network by. */
export const hetzner: Cloud = {
  name: 'hetzner',
  title: 'Hetzner Cloud',
  lookUp: 'see the Hetzner console',
  // The second one serves a server that was ordered without IPv4.
  endpoints: [USUAL_PLACE, { host: 'fe80::a9fe:a9fe' }],
  shows: ({ systemVendor }) => systemVendor === 'Hetzner',
  instanceId: ({ productSerial }) => (SERVER_ID.test(productSerial) ? productSerial : undefined),
  async ask(client): Promise<CloudFacts> {
    const server = await client.parsed({ path: '/hetzner/v1/metadata' }, yaml);
    return {
      instanceId: instanceIdIn(follow(server, 'instance-id'), SERVER_ID),
      region: firstWord(follow(server, 'region')),
      hostNames: hostNames(...follow(server, 'hostname')),
      publicIpv4: firstIpv4(follow(server, 'public-ipv4')),
      publicIpv6: firstPublicIpv6(follow(server, 'network-config', 'config', 'subnets', 'address')),
    };
  },
};
