/** Amazon EC2 User Guide, "Use instance metadata": IMDSv2 required, metadata categories, instance identity document. */
import { randomBytes } from 'node:crypto';
import {
  type FakeAnswer,
  type FakeCloud,
  type FakeInstance,
  type FakeRequest,
  json,
  leaf,
  refused,
  text,
} from './fake-cloud.ts';

const TOKEN = '/latest/api/token';
const METADATA = '/latest/meta-data/';
const MAX_TTL_SECONDS = 21_600;

/** A token must be fetched with PUT before anything is told: version 1, which does without, is refused. */
export function fakeAws(instance: FakeInstance): FakeCloud {
  const tokens = new Set<string>();
  return {
    name: 'aws',
    answer(request) {
      const { method, path, headers } = request;
      if (path === TOKEN) return token(request, tokens);
      if (method !== 'GET') return refused(405, `${method} is not served`);
      const presented = headers['x-aws-ec2-metadata-token'];
      if (presented === undefined) return refused(401, 'no token: this is IMDSv1');
      if (!tokens.has(`${presented}`)) return refused(401, 'a token that was not given');
      if (path === '/latest/dynamic/instance-identity/document') return json(identity(instance));
      return leaf(categories(instance), path);
    },
  };
}

function token({ method, headers }: FakeRequest, tokens: Set<string>): FakeAnswer {
  if (method !== 'PUT') return refused(405, `a token is fetched with PUT, not ${method}`);
  const ttl = headers['x-aws-ec2-metadata-token-ttl-seconds'];
  const seconds = Number(ttl);
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_TTL_SECONDS))
    return refused(400, `a lifetime of '${ttl}'`);
  const made = randomBytes(42).toString('base64');
  tokens.add(made);
  return { ...text(made), headers: { 'x-aws-ec2-metadata-token-ttl-seconds': `${ttl}` } };
}

function identity({ instanceId, region, privateIpv4 }: FakeInstance): object {
  return {
    ...{
      accountId: '123456789012',
      architecture: 'x86_64',
      availabilityZone: `${region}a`,
      imageId: 'ami-0abc',
    },
    ...{ instanceId, instanceType: 't3.large', privateIp: privateIpv4, region, version: '2017-09-30' },
  };
}

function categories(instance: FakeInstance): Record<string, string | undefined> {
  const { instanceId, region, hostName, privateIpv4, publicIpv4, publicIpv6 } = instance;
  const publicName = publicIpv4 && `ec2-${publicIpv4.replaceAll('.', '-')}.${region}.compute.amazonaws.com`;
  const values = {
    'instance-id': instanceId,
    hostname: hostName,
    'local-hostname': hostName,
    'local-ipv4': privateIpv4,
    'public-ipv4': publicIpv4,
    'public-hostname': publicName,
    ipv6: publicIpv6,
    'placement/region': region,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [METADATA + name, value]));
}
