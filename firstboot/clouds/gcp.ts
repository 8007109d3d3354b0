import type { Cloud, CloudFacts } from './cloud.ts';
import { ifTold, type MetadataClient } from './metadata-client.ts';
import type { Question } from './metadata-http.ts';
import { USUAL_PLACE } from './usual-place.ts';
import { firstIpv4, firstPublicIpv6, firstWord, hostNames, instanceIdIn } from './values.ts';

const FLAVOR = ['metadata-flavor', 'Google'] as const;
const INSTANCE_ID = /^\d+$/;

/**
 * Each value is asked for as a text of its own: as JSON the id would be a number that JavaScript rounds. Service and
 * client both name their flavour, and an answer without it is somebody else's.
 */
export const gcp: Cloud = {
  name: 'gcp',
  title: 'Google Cloud',
  lookUp: 'see the Google Cloud console',
  // By address, since a name could be anybody's. The second one serves a machine without IPv4.
  endpoints: [USUAL_PLACE, { host: 'fd20:ce::254' }],
  shows: ({ productName }) => productName === 'Google Compute Engine',
  async ask(client): Promise<CloudFacts> {
    const instanceId = instanceIdIn([await client.text(question('id'))], INSTANCE_ID);
    const external = await told(client, 'network-interfaces/0/access-configs/0/external-ip');
    const ipv6s = await ifTold(told(client, 'network-interfaces/0/ipv6s'));
    return {
      instanceId,
      region: regionOf(await ifTold(told(client, 'zone'))),
      publicIpv4: firstIpv4([external]),
      publicIpv6: firstPublicIpv6(ipv6s?.split(/\s+/) ?? []),
      hostNames: hostNames(await ifTold(told(client, 'hostname'))),
    };
  },
};

function question(name: string): Question {
  const [header, value] = FLAVOR;
  return { path: `/computeMetadata/v1/instance/${name}`, headers: { [header]: value }, answeredWith: FLAVOR };
}

function told(client: MetadataClient, name: string): Promise<string | undefined> {
  return client.textIfAny(question(name));
}

/** A zone is told as projects/NUMBER/zones/REGION-LETTER. */
function regionOf(zone: string | undefined): string | undefined {
  return firstWord([
    zone
      ?.split('/')
      .at(-1)
      ?.replace(/-[a-z]+$/, ''),
  ]);
}
