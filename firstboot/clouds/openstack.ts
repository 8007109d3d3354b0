import type { Cloud, CloudFacts } from './cloud.ts';
import { machineUuid } from './firmware.ts';
import { USUAL_PLACE } from './usual-place.ts';
import { firstIpv4, follow, hostNames, instanceIdIn } from './values.ts';

const PRODUCTS = ['OpenStack Nova', 'OpenStack Compute'];
/** Clouds that run OpenStack under a name of their own. */
const ASSET_TAGS = ['OpenTelekomCloud', 'SAP CCloud VM', 'HUAWEICLOUD', 'Samsung Cloud Platform'];

/** The floating address is told in the manner of EC2, where the cloud has that at all. No region is told. */
export const openstack: Cloud = {
  name: 'openstack',
  title: 'OpenStack',
  lookUp: 'see the dashboard of your cloud',
  endpoints: [USUAL_PLACE, { host: 'fe80::a9fe:a9fe' }],
  shows: ({ productName, chassisAssetTag }) =>
    PRODUCTS.includes(productName) || ASSET_TAGS.includes(chassisAssetTag),
  instanceId: machineUuid,
  async ask(client): Promise<CloudFacts> {
    const server = await client.parsed({ path: '/openstack/latest/meta_data.json' });
    return {
      instanceId: instanceIdIn(follow(server, 'uuid')),
      hostNames: hostNames(...follow(server, 'hostname')),
      publicIpv4: firstIpv4([await client.textIfAny({ path: '/latest/meta-data/public-ipv4' })]),
    };
  },
};
