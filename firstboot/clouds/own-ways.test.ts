/** What only one cloud does. */
import { expect, test } from 'vitest';
import { ask } from '../../tests/harness/metadata/asking.ts';
import { fakeAws } from '../../tests/harness/metadata/aws.ts';
import { fakeAzure } from '../../tests/harness/metadata/azure.ts';
import { fakeDigitalOcean } from '../../tests/harness/metadata/digitalocean.ts';
import type { FakeAnswer, FakeCloud } from '../../tests/harness/metadata/fake-cloud.ts';
import { instanceIn } from '../../tests/harness/metadata/fake-clouds.ts';
import { fakeGcp } from '../../tests/harness/metadata/gcp.ts';
import { fakeOpenStack } from '../../tests/harness/metadata/openstack.ts';
import type { CloudFacts, CloudName } from './cloud.ts';

async function toldBy(fake: FakeCloud): Promise<CloudFacts> {
  const { answer, violations } = await ask(fake);
  expect(violations).toEqual([]);
  if (answer.kind !== 'told') throw new Error(answer.note);
  return answer.facts;
}

/** A cloud whose answers are changed on their way. */
function changed(
  fake: FakeCloud,
  change: (path: string, answer: FakeAnswer) => Partial<FakeAnswer>,
): FakeCloud {
  return {
    name: fake.name,
    answer: (request) => {
      const answer = fake.answer(request);
      return { ...answer, ...change(request.path, answer) };
    },
  };
}

const bare = (cloud: CloudName) => {
  const { publicIpv4: _, publicIpv6: __, ...instance } = instanceIn(cloud);
  return instance;
};

test('Azure: the load balancer is asked only for an address that no interface has', async () => {
  const shared = { ...bare('azure'), loadBalancerIpv4: '203.0.113.9' };
  expect(await toldBy(fakeAzure(shared))).toMatchObject({ publicIpv4: '203.0.113.9' });
  const { requests } = await ask(fakeAzure({ ...shared, publicIpv4: '203.0.113.7' }));
  expect(requests).toEqual(['GET /metadata/instance?api-version=2021-02-01']);
});

test('Azure: trouble with the load balancer loses nothing else', async () => {
  const facts = await toldBy(
    changed(fakeAzure(bare('azure')), (path) => (path === '/metadata/loadbalancer' ? { status: 403 } : {})),
  );
  expect(facts).toMatchObject({ instanceId: instanceIn('azure').instanceId, region: 'eu-central-1' });
});

test('AWS: the token comes first, by PUT, and is used for everything', async () => {
  const { requests, violations } = await ask(fakeAws(instanceIn('aws')));
  expect(requests[0]).toBe('PUT /latest/api/token');
  expect(requests.slice(1).every((line) => line.startsWith('GET /latest/'))).toBe(true);
  expect(violations).toEqual([]);
});

test('AWS: where version 2 is refused, version 1 is not tried', async () => {
  const { answer, requests } = await ask(fakeAws(instanceIn('aws')), { faults: [{ status: 403 }] });
  expect(answer).toMatchObject({ kind: 'unavailable', note: expect.stringContaining('status 403') });
  expect(requests).toEqual(['PUT /latest/api/token']);
});

test.each([
  ['several lines', 'one\r\nX-Forwarded-For: 198.51.100.1'],
  ['nothing', ''],
])('AWS: a token of %s is sent to nobody', async (_title, body) => {
  const { answer, requests } = await ask(fakeAws(instanceIn('aws')), { faults: [{ body }] });
  expect(answer).toMatchObject({ note: expect.stringContaining('the answer is no token') });
  expect(requests).toHaveLength(1);
});

test.each(['/latest/meta-data/ipv6', '/latest/meta-data/hostname', '/latest/meta-data/public-hostname'])(
  'AWS: trouble with %s loses nothing else',
  async (broken) => {
    const facts = await toldBy(
      changed(fakeAws(instanceIn('aws')), (path) => (path === broken ? { status: 403 } : {})),
    );
    expect(facts).toMatchObject({ publicIpv4: '203.0.113.7', region: 'eu-central-1' });
  },
);

test('AWS: an address that could not be asked for is not the same as none', async () => {
  const broken = changed(fakeAws(instanceIn('aws')), (path) =>
    path.endsWith('/public-ipv4') ? { status: 403 } : {},
  );
  expect((await ask(broken)).answer.kind).toBe('unavailable');
});

test('Google: the id is told to its last digit', async () => {
  expect((await toldBy(fakeGcp(instanceIn('gcp')))).instanceId).toBe('4520031799277581759');
});

test('Google: an answer of the same form without the flavour is somebody else’s', async () => {
  const { answer } = await ask(changed(fakeGcp(instanceIn('gcp')), () => ({ headers: {} })));
  expect(answer).toMatchObject({ note: expect.stringContaining('without metadata-flavor') });
});

test('Google: a machine whose external address was taken away has none', async () => {
  const without = changed(fakeGcp(instanceIn('gcp')), (path) =>
    path.endsWith('/external-ip') ? { body: '' } : {},
  );
  expect((await toldBy(without)).publicIpv4).toBeUndefined();
});

test('DigitalOcean: a reserved address goes before the droplet’s own', async () => {
  const droplet = { ...instanceIn('digitalocean'), reservedIpv4: '203.0.113.99' };
  expect((await toldBy(fakeDigitalOcean(droplet))).publicIpv4).toBe('203.0.113.99');
});

test('DigitalOcean: IPv6 is told in its short form', async () => {
  expect((await toldBy(fakeDigitalOcean(instanceIn('digitalocean')))).publicIpv6).toBe('2001:db8:7::7');
});

test('OpenStack: the floating address of a private cloud may be private', async () => {
  const server = { ...bare('openstack'), publicIpv4: '172.24.4.10' };
  expect((await toldBy(fakeOpenStack(server))).publicIpv4).toBe('172.24.4.10');
});

test('OpenStack: a cloud without the texts of EC2 tells no address', async () => {
  const without = changed(fakeOpenStack(instanceIn('openstack')), (path) =>
    path.startsWith('/latest/') ? { status: 404 } : {},
  );
  expect(await toldBy(without)).toMatchObject({ instanceId: instanceIn('openstack').instanceId });
});
