/** OpenStack Nova, "Metadata service": its own JSON, and the texts that are compatible with EC2. */
import { type FakeCloud, type FakeInstance, json, leaf } from './fake-cloud.ts';

/** A machine without a floating address is told ''. It tells neither region nor IPv6. */
export function fakeOpenStack(server: FakeInstance): FakeCloud {
  return {
    name: 'openstack',
    answer({ path }) {
      if (path === '/openstack/latest/meta_data.json') return json(metadata(server));
      const { hostName, privateIpv4, publicIpv4 = '' } = server;
      const leaves = { hostname: hostName, 'local-ipv4': privateIpv4, 'public-ipv4': publicIpv4 };
      const paths = Object.entries(leaves).map(([name, value]) => [`/latest/meta-data/${name}`, value]);
      return leaf(Object.fromEntries(paths), path);
    },
  };
}

function metadata({ instanceId, hostName }: FakeInstance): object {
  return {
    ...{ uuid: instanceId, name: hostName, hostname: hostName, availability_zone: 'nova' },
    ...{ launch_index: 0, project_id: '3fbb59d1', devices: [], public_keys: {} },
  };
}
