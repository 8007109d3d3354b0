import type { Cloud, CloudFacts } from './cloud.ts';
import { ifTold } from './metadata-client.ts';
import type { Question } from './metadata-http.ts';
import { USUAL_PLACE } from './usual-place.ts';
import { firstPublicIpv6, firstWord, follow, hostNames, instanceIdIn } from './values.ts';

const OCID = /^ocid1\.instance\./;

const asked = (path: string): Question => ({
  path: `/opc/v2/${path}`,
  headers: { authorization: 'Bearer Oracle' },
});

/** Version 2 of the service alone. It never tells the public IPv4 address: that is the network's, not the instance's. */
export const oracle: Cloud = {
  name: 'oracle',
  title: 'Oracle Cloud',
  lookUp: 'see the Oracle Cloud console',
  endpoints: [USUAL_PLACE, { host: 'fd00:c1::a9fe:a9fe' }],
  shows: ({ chassisAssetTag }) => chassisAssetTag === 'OracleCloud.com',
  async ask(client): Promise<CloudFacts> {
    const instance = await client.parsed(asked('instance/'));
    const instanceId = instanceIdIn(follow(instance, 'id'), OCID);
    const vnics = await ifTold(client.parsed(asked('vnics/')));
    return {
      instanceId,
      region: firstWord([...follow(instance, 'canonicalRegionName'), ...follow(instance, 'region')]),
      hostNames: hostNames(...follow(instance, 'hostname')),
      publicIpv6: firstPublicIpv6(follow(vnics, '0', 'ipv6Addresses')),
    };
  },
};
