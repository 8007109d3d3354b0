import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type FakeAzure, startMetadataService } from '../tests/harness/imds.ts';
import { readAzurePublicAddress } from './azure-metadata.ts';
import type { MetadataService } from './machine.ts';

const azure: FakeAzure = { publicAddress: '203.0.113.7' };
const KNOWN = { kind: 'known', address: '203.0.113.7' };

const impatient = {
  connectTimeoutMs: 200,
  answerTimeoutMs: 200,
  attempts: 3,
  pauseMs: 1,
  overallTimeoutMs: 5000,
};

async function ask(fake: FakeAzure, patience: Partial<MetadataService> = {}) {
  await using service = await startMetadataService(fake);
  const found = await readAzurePublicAddress({ ...impatient, url: service.url, ...patience });
  return { found, requests: service.requests };
}

test('the address of the interface is the public address', async () => {
  const { found, requests } = await ask(azure);
  expect(found).toEqual(KNOWN);
  expect(requests).toEqual(['GET /metadata/instance?api-version=2021-02-01']);
});

test('an interface without public address falls back to the load balancer', async () => {
  const { found, requests } = await ask({ ...azure, publicAddress: '', loadBalancerAddress: '203.0.113.9' });
  expect(found).toEqual({ kind: 'known', address: '203.0.113.9' });
  expect(requests.at(-1)).toBe('GET /metadata/loadbalancer?api-version=2020-10-01');
});

test('no public address at all is an answer, and asked for once', async () => {
  const { found, requests } = await ask({ ...azure, publicAddress: '' });
  expect(found).toEqual({ kind: 'none', note: 'Azure names none; see the portal' });
  expect(requests).toHaveLength(2);
});

test.each([
  ['404, since the service is starting', { status: 404 }],
  ['410', { status: 410 }],
  ['429, since somebody asks too much', { status: 429 }],
  ['500', { status: 500 }],
  ['silence', 'silence'],
  ['an answer that breaks off', 'half-answer'],
  ['a page instead of JSON', { body: '<html>please sign in</html>' }],
] as const)('%s is followed by another attempt', async (_title, fault) => {
  const { found, requests } = await ask({ ...azure, faults: [fault] });
  expect(found).toEqual(KNOWN);
  expect(requests).toHaveLength(2);
});

test.each([
  ['403', { status: 403 }, 'status 403'],
  ['a redirect', { status: 302 }, 'status 302'],
  ['JSON of another kind', { body: '{"network":null}' }, 'the answer names no interface'],
  ['a bare number', { body: '7' }, 'the answer names no interface'],
] as const)('%s is not asked for again', async (_title, fault, why) => {
  const { found, requests } = await ask({ ...azure, faults: [fault] });
  expect(found).toEqual({ kind: 'unavailable', note: `the metadata service did not tell (${why})` });
  expect(requests).toHaveLength(1);
});

test('what is not an address is not taken for one', async () => {
  const { found } = await ask({ ...azure, publicAddress: '203.0.113.7; rm -rf /' });
  expect(found.kind).toBe('none');
});

test('attempts end', async () => {
  const { found, requests } = await ask({
    ...azure,
    faults: Array.from({ length: 9 }, () => ({ status: 503 })),
  });
  expect(found).toEqual({ kind: 'unavailable', note: 'the metadata service did not tell (status 503)' });
  expect(requests).toHaveLength(3);
});

test('all attempts together end in time', async () => {
  const patience = { answerTimeoutMs: 60_000, attempts: 99, overallTimeoutMs: 300 };
  const { found } = await ask({ ...azure, faults: ['silence'] }, patience);
  expect(found).toEqual({
    kind: 'unavailable',
    note: 'the metadata service did not tell (no answer within 0.3 s)',
  });
});

test('nobody there is no error', async () => {
  const found = await readAzurePublicAddress({ ...impatient, url: 'http://127.0.0.1:1' });
  expect(found).toEqual({ kind: 'unavailable', note: 'the metadata service did not tell (not reachable)' });
});

test('a proxy of the environment is never asked', async () => {
  const requests: string[] = [];
  const proxy = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end();
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const before = { ...process.env };
  Object.assign(process.env, { http_proxy: url, HTTP_PROXY: url, NODE_USE_ENV_PROXY: '1' });
  try {
    expect((await ask(azure)).found).toEqual(KNOWN);
  } finally {
    process.env = before;
    proxy.close();
  }
  expect(requests).toEqual([]);
});
