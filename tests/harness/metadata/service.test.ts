/** The fakes are as strict as the services: what a careless client would ask is refused, and remembered. */
import { request } from 'node:http';
import { expect, test } from 'vitest';
import type { CloudName } from '../../../firstboot/index.ts';
import { cloudNames, fakeClouds, instanceIn } from './fake-clouds.ts';
import { startMetadataService } from './service.ts';

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that each cloud serves. */
const right: Readonly<Record<CloudName, Sent>> = {
  azure: { path: '/metadata/instance?api-version=2021-02-01', headers: { Metadata: 'true' } },
  aws: {
    method: 'PUT',
    path: '/latest/api/token',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '60' },
  },
  gcp: { path: '/computeMetadata/v1/instance/id', headers: { 'Metadata-Flavor': 'Google' } },
  digitalocean: { path: '/metadata/v1.json' },
  hetzner: { path: '/hetzner/v1/metadata/public-ipv4' },
  oracle: { path: '/opc/v2/instance/', headers: { Authorization: 'Bearer Oracle' } },
  openstack: { path: '/latest/meta-data/public-ipv4' },
};

async function send(cloud: CloudName, { method = 'GET', path, headers = {} }: Sent) {
  await using service = await startMetadataService(fakeClouds[cloud](instanceIn(cloud)));
  const { host, port } = service.endpoints[0] ?? {};
  const status = await new Promise<number>((resolve, reject) => {
    const sent = request({ host, port, method, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject).end();
  });
  return { status, violations: service.violations };
}

const withToken = { 'X-aws-ec2-metadata-token': 'AQAE' };
const azureHeader = { Metadata: 'true' };

test.each<[string, CloudName, Sent, number]>([
  ['Azure without the header', 'azure', { ...right.azure, headers: {} }, 400],
  ['Azure with another value of it', 'azure', { ...right.azure, headers: { Metadata: '1' } }, 400],
  ['Azure without an api version', 'azure', { path: '/metadata/instance', headers: azureHeader }, 400],
  [
    'Azure for a path of another cloud',
    'azure',
    { path: '/latest/meta-data?api-version=2021-02-01', headers: azureHeader },
    404,
  ],
  ['AWS without a token, which is version 1', 'aws', { path: '/latest/meta-data/instance-id' }, 401],
  [
    'AWS with a token that it did not give',
    'aws',
    { path: '/latest/meta-data/instance-id', headers: withToken },
    401,
  ],
  ['AWS for a token with GET', 'aws', { ...right.aws, method: 'GET' }, 405],
  ['AWS for a token without a lifetime', 'aws', { ...right.aws, headers: {} }, 400],
  [
    'AWS for a token that lives for a day',
    'aws',
    { ...right.aws, headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '86400' } },
    400,
  ],
  ['Google without the flavour', 'gcp', { ...right.gcp, headers: {} }, 403],
  [
    'Google for what it does not know',
    'gcp',
    { ...right.gcp, path: '/computeMetadata/v1/instance/public-ipv4' },
    404,
  ],
  ['DigitalOcean for a path of another cloud', 'digitalocean', { path: '/latest/meta-data/' }, 404],
  ['Hetzner for what it does not know', 'hetzner', { path: '/hetzner/v1/metadata/public-ipv6' }, 404],
  ['Oracle without its authorization', 'oracle', { ...right.oracle, headers: {} }, 401],
  ['Oracle in version 1', 'oracle', { ...right.oracle, path: '/opc/v1/instance/' }, 404],
  ['OpenStack for what it does not know', 'openstack', { path: '/openstack/latest/public-ipv4' }, 404],
])('%s is refused', async (_title, cloud, sent, status) => {
  expect(await send(cloud, sent)).toEqual({
    status,
    violations: [expect.stringContaining(`${sent.method ?? 'GET'} ${sent.path}: `)],
  });
});

test.each(cloudNames)(
  '%s serves who asks rightly, and nobody who forwards, posts or names an interface',
  async (cloud) => {
    const asked = right[cloud];
    expect(await send(cloud, asked)).toEqual({ status: 200, violations: [] });
    const refusals: [Sent, number, string][] = [
      [
        { ...asked, headers: { ...asked.headers, 'X-Forwarded-For': '198.51.100.1' } },
        403,
        'it was forwarded',
      ],
      [{ ...asked, method: 'POST' }, 405, 'POST is not served'],
      [{ ...asked, headers: { ...asked.headers, Host: '[fe80::a9fe:a9fe%eth0]' } }, 400, 'an interface'],
    ];
    for (const [sent, status, why] of refusals) {
      expect(await send(cloud, sent)).toEqual({ status, violations: [expect.stringContaining(why)] });
    }
  },
);

test('each machine is told of itself, and one that is in no cloud of nothing', async () => {
  await using service = await startMetadataService((address) =>
    address === '127.0.0.2' ? fakeClouds.hetzner(instanceIn('hetzner')) : undefined,
  );
  const { host, port } = service.endpoints[0] ?? {};
  const from = (localAddress: string): Promise<number | string> =>
    new Promise((resolve) => {
      const asked = request(
        { host, port, localAddress, path: '/hetzner/v1/metadata', agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      asked.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')).end();
    });
  expect(await from('127.0.0.2')).toBe(200);
  expect(await from('127.0.0.3')).toBe('ECONNRESET');
  expect(service.requests).toHaveLength(1);
});
