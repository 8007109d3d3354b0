/** Microsoft Learn, "Azure Instance Metadata Service": instance 2021-02-01, loadbalancer 2020-10-01. */
import {
  type FakeAnswer,
  type FakeCloud,
  type FakeInstance,
  json,
  none,
  refused,
  unknownPath,
} from './fake-cloud.ts';

const API_VERSION = /^\d{4}-\d{2}-\d{2}$/;

export interface FakeAzureInstance extends FakeInstance {
  /** Of a load balancer before the machine; unset: there is none. */
  readonly loadBalancerIpv4?: string;
}

/** Only with `Metadata: true` and an api version. A public address that it does not tell is ''; IPv6 never is told. */
export function fakeAzure(instance: FakeAzureInstance): FakeCloud {
  return {
    name: 'azure',
    answer({ path, query, headers }) {
      if (headers.metadata !== 'true') return refused(400, "no header 'Metadata: true'");
      if (!API_VERSION.test(query.get('api-version') ?? '')) return refused(400, 'no api-version');
      if (path === '/metadata/instance') return json(instanceOf(instance));
      return path === '/metadata/loadbalancer' ? loadBalancer(instance) : unknownPath;
    },
  };
}

function instanceOf({ instanceId, region, hostName, privateIpv4, publicIpv4 = '' }: FakeInstance): object {
  const ipv4 = {
    ipAddress: [{ privateIpAddress: privateIpv4, publicIpAddress: publicIpv4 }],
    subnet: [{ address: '10.0.0.0', prefix: '24' }],
  };
  return {
    compute: {
      ...{ name: hostName, location: region, vmId: instanceId },
      osProfile: { adminUsername: 'azureuser', computerName: hostName },
    },
    network: { interface: [{ ipv4, ipv6: { ipAddress: [] }, macAddress: '000D3A000001' }] },
  };
}

function loadBalancer({ loadBalancerIpv4, privateIpv4 }: FakeAzureInstance): FakeAnswer {
  if (loadBalancerIpv4 === undefined) return none;
  const addresses = [{ frontendIpAddress: loadBalancerIpv4, privateIpAddress: privateIpv4 }];
  return json({ loadbalancer: { publicIpAddresses: addresses, inboundRules: [], outboundRules: [] } });
}
