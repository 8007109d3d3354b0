import type { Cloud, CloudFacts } from './cloud.ts';
import { USUAL_PLACE } from './usual-place.ts';
import { firstIpv4, firstPublicIpv6, firstWord, follow, hostNames, instanceIdIn } from './values.ts';

const DROPLET_ID = /^\d+$/;

/**
 * A reserved address (once called floating) goes before the droplet's own while it is assigned: it is the one that
 * stays. The public interface also has an anchor address, which is private and leads nowhere.
 */
export const digitalocean: Cloud = {
  name: 'digitalocean',
  title: 'DigitalOcean',
  lookUp: 'see the control panel',
  endpoints: [USUAL_PLACE],
  shows: ({ systemVendor }) => systemVendor === 'DigitalOcean',
  instanceId: ({ productSerial }) => (DROPLET_ID.test(productSerial) ? productSerial : undefined),
  async ask(client): Promise<CloudFacts> {
    const droplet = await client.parsed({ path: '/metadata/v1.json' });
    const own = follow(droplet, 'interfaces', 'public');
    return {
      instanceId: instanceIdIn(follow(droplet, 'droplet_id'), DROPLET_ID),
      region: firstWord(follow(droplet, 'region')),
      hostNames: hostNames(...follow(droplet, 'hostname')),
      publicIpv4: firstIpv4([...reserved(droplet), ...follow(own, '0', 'ipv4', 'ip_address')]),
      publicIpv6: firstPublicIpv6(follow(own, '0', 'ipv6', 'ip_address')),
      privateIpv4: firstIpv4(follow(droplet, 'interfaces', 'private', 'ipv4', 'ip_address')),
    };
  },
};

function reserved(droplet: unknown): unknown[] {
  return ['reserved_ip', 'floating_ip']
    .flatMap((name) => follow(droplet, name, 'ipv4'))
    .filter((address) => follow(address, 'active')[0] === true)
    .flatMap((address) => follow(address, 'ip_address'));
}
