import type { Cloud, CloudFacts } from './cloud.ts';
import type { Firmware } from './firmware.ts';
import { ifTold } from './metadata-client.ts';
import { MetadataError } from './metadata-error.ts';
import type { Question } from './metadata-http.ts';
import { USUAL_PLACE } from './usual-place.ts';
import { firstIpv4, firstPublicIpv6, firstWord, follow, hostNames, instanceIdIn } from './values.ts';

const INSTANCE_ID = /^i-[0-9a-f]{8,17}$/;
const VISIBLE = /^[\x21-\x7e]+$/;

/** Longer than everything together may take, and of no use to anybody who finds it later. */
const TOKEN: Question = {
  method: 'PUT',
  path: '/latest/api/token',
  headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
};

/**
 * Version 2 of the service alone: every question carries a token that was fetched with PUT. Each value is a text of
 * its own, and 404 where the instance has none.
 */
export const aws: Cloud = {
  name: 'aws',
  title: 'Amazon EC2',
  lookUp: 'see the EC2 console',
  // The second one, where it is switched on, is the only one in a subnet without IPv4.
  endpoints: [USUAL_PLACE, { host: 'fd00:ec2::254' }],
  shows: (firmware) => firmware.systemVendor === 'Amazon EC2' || isXen(firmware),
  // Only where the hypervisor is Nitro.
  instanceId: ({ boardAssetTag }) => (INSTANCE_ID.test(boardAssetTag) ? boardAssetTag : undefined),
  async ask(client): Promise<CloudFacts> {
    const token = await client.text(TOKEN);
    if (!VISIBLE.test(token)) throw new MetadataError('the answer is no token');
    const question = (path: string): Question => ({
      path: `/latest/${path}`,
      headers: { 'x-aws-ec2-metadata-token': token },
    });
    const told = (name: string): Promise<string | undefined> =>
      client.textIfAny(question(`meta-data/${name}`));

    const identity = await client.parsed(question('dynamic/instance-identity/document'));
    const instanceId = instanceIdIn(follow(identity, 'instanceId'), INSTANCE_ID);
    const publicIpv4 = firstIpv4([await told('public-ipv4')]);
    return {
      instanceId,
      region: firstWord(follow(identity, 'region')),
      publicIpv4,
      publicIpv6: firstPublicIpv6([await ifTold(told('ipv6'))]),
      hostNames: hostNames(await ifTold(told('public-hostname')), await ifTold(told('hostname'))),
    };
  },
};

/** The older hypervisor, whose UUID begins with `ec2` in either byte order. Elsewhere one may do so by chance. */
function isXen({ systemVendor, productUuid, hypervisorUuid }: Firmware): boolean {
  if (systemVendor !== 'Xen') return false;
  const swapped = Buffer.from(productUuid.slice(0, 8), 'hex').reverse().toString('hex');
  return [hypervisorUuid, productUuid, swapped].some((uuid) => uuid.startsWith('ec2'));
}
