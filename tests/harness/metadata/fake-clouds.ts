import type { CloudName } from '../../../firstboot/index.ts';
import { fakeAws } from './aws.ts';
import { fakeAzure } from './azure.ts';
import { fakeDigitalOcean } from './digitalocean.ts';
import type { FakeCloud, FakeInstance } from './fake-cloud.ts';
import { fakeGcp } from './gcp.ts';
import { fakeHetzner } from './hetzner.ts';
import { fakeOpenStack } from './openstack.ts';
import { fakeOracle } from './oracle.ts';

/** Every cloud's metadata service, made for one machine. */
export const fakeClouds: Readonly<Record<CloudName, (instance: FakeInstance) => FakeCloud>> = {
  azure: fakeAzure,
  aws: fakeAws,
  gcp: fakeGcp,
  digitalocean: fakeDigitalOcean,
  hetzner: fakeHetzner,
  oracle: fakeOracle,
  openstack: fakeOpenStack,
};

export const cloudNames = Object.keys(fakeClouds) as CloudName[];

const AZURE_UUID = '4f1c8a52-6f0e-4c5b-9a52-0d1f5a3c2b11';

/** An instance id as each cloud forms it. Google's is a number that JavaScript cannot hold. */
export const instanceIds: Readonly<Record<CloudName, string>> = {
  azure: AZURE_UUID,
  aws: 'i-0f1e2d3c4b5a69788',
  gcp: '4520031799277581759',
  digitalocean: '22532410',
  hetzner: '42137',
  oracle: 'ocid1.instance.oc1.phx.anyhqljtniwq6syc3nex55sep5w34qbwmw6',
  openstack: '9b2d7c10-1234-4abc-8def-001122334455',
};

/** A machine that has everything. */
export function instanceIn(cloud: CloudName): Required<FakeInstance> {
  return {
    instanceId: instanceIds[cloud],
    region: 'eu-central-1',
    hostName: 'gateway.internal.example',
    privateIpv4: '10.77.0.4',
    publicIpv4: '203.0.113.7',
    publicIpv6: '2001:db8:7::7',
  };
}

/** What each cloud tells of such a machine: some do not know all of it. */
export function toldBy(cloud: CloudName): Partial<FakeInstance> {
  const { region, publicIpv4, publicIpv6, ...rest } = instanceIn(cloud);
  return {
    ...rest,
    ...(cloud !== 'openstack' && { region }),
    ...(cloud !== 'oracle' && { publicIpv4 }),
    ...(cloud !== 'azure' && cloud !== 'openstack' && { publicIpv6 }),
  };
}
