/** `litellm-ctl access` and the real nginx: who is let in, who is not, and what a mistake costs. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask } from '../harness/edge-client.ts';
import { EdgeOperator } from '../harness/edge-operator.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { Upstream } from '../harness/upstream.ts';

let edge: Edge;
let operator: EdgeOperator;
let upstream: Upstream;

beforeAll(async () => {
  edge = await Edge.create();
  upstream = await Upstream.start(edge, (_request, response) => response.end('from the gateway'));
  operator = await EdgeOperator.install(edge);
});

afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await edge?.[Symbol.asyncDispose]();
});

// As its own error message says: who deletes the file lets everyone in again.
afterEach(async () => {
  edge.remove(edge.facts.paths.access);
  await operator.access(['apply']);
});

const { outside } = addresses;
const status = async (path: string, family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<number> =>
  (await ask(edge, path, { family })).status;
const includes = () => edge.facts.paths.edgeIncludes;

test('at first everyone may call everything', async () => {
  expect((await operator.attempt([])).stdout).toMatch(/admin UI, management +everyone/);
  expect(await status('/ui')).toBe(200);
  expect(await status('/v1/models', 'ipv6')).toBe(200);
});

test('an access list closes UI and management, and leaves inference and health checks open', async () => {
  await operator.access(['allow', 'admin', '192.0.2.0/24']);
  for (const path of ['/key/list', '/%6bey/list', '//key/list', '/ui', '/ui/sign-in', '/key']) {
    const refused = await ask(edge, path);
    expect(refused.status, path).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ error: { type: 'auth_error', code: '403' } });
  }
  expect(await status('/ui', 'ipv6')).toBe(403);
  expect(await status('/v1/models')).toBe(200);
  expect(await status('/health/readiness')).toBe(200);
});

test('whoever is on the list is let in, by IPv4 and by IPv6, and the machine itself always', async () => {
  await operator.access(['allow', 'admin', outside.ipv4]);
  expect(await status('/ui')).toBe(200);
  expect(await status('/ui', 'ipv6')).toBe(403);
  await operator.access(['allow', 'admin', '2001:db8:1::/48']);
  expect(await status('/ui', 'ipv6')).toBe(200);
  const local = ['curl', '-ks', '-o', '/dev/null', '-w', '%{http_code}', 'https://127.0.0.1/ui'];
  await operator.access(['deny', 'admin', outside.ipv4, '2001:db8:1::/48']);
  expect(await status('/ui')).toBe(403);
  expect(await edge.sandbox.run(local)).toBe('200');
});

test('a proxy that is believed cannot speak for this machine, which every list lets in', async () => {
  await operator.access(['proxies', 'trust', outside.ipv4, outside.ipv6]);
  await operator.access(['allow', 'admin', '192.0.2.7']);
  const statusFor = async (client: string): Promise<number> =>
    (await ask(edge, '/ui', { headers: { 'x-forwarded-for': client } })).status;
  expect(await statusFor('192.0.2.7')).toBe(200);
  expect(await statusFor('192.0.2.8')).toBe(403);
  for (const own of ['127.0.0.1', '127.9.9.9', '::1', `127.0.0.1, ${outside.ipv4}`])
    expect(await statusFor(own), own).toBe(403);
  const local = ['curl', '-ks', '-o', '/dev/null', '-w', '%{http_code}', 'https://127.0.0.1/ui'];
  expect(await edge.sandbox.run(local)).toBe('200');
});

test('of two networks the narrower one decides, whichever list it is on', async () => {
  await operator.access(['deny', 'inference', '198.51.100.0/24']);
  expect(await status('/v1/models')).toBe(403);
  expect(await status('/v1/models', 'ipv6')).toBe(200);
  await operator.access(['allow', 'inference', `${outside.ipv4}/32`]);
  expect(await status('/v1/models')).toBe(200);
  // From the first allowed one on, all others are refused.
  expect(await status('/v1/models', 'ipv6')).toBe(403);
  expect(await status('/ui', 'ipv6')).toBe(200);
});

test('closing a list to the own SSH client warns, and to others does not', async () => {
  const env = { SSH_CONNECTION: `${outside.ipv4} 50000 192.0.2.1 22` };
  const closed = await operator.access(['close', 'admin'], { env });
  expect(closed.stderr).toContain(`/ui is closed to ${outside.ipv4}`);
  expect(closed.stderr).toContain(`litellm-ctl access allow admin ${outside.ipv4}`);
  const opened = await operator.access(['allow', 'admin', '198.51.100.0/24'], { env });
  expect(opened.stderr).toBe('');
});

test('a second run changes nothing', async () => {
  const read = () => [edge.read(`${includes()}/access.conf`), edge.read(edge.facts.paths.access)];
  await operator.access(['allow', 'admin', '198.51.100.7/24']);
  const before = read();
  await operator.access(['allow', 'admin', '198.51.100.99/24']);
  expect(read()).toEqual(before);
  await operator.access(['apply']);
  expect(read()).toEqual(before);
});

test('where nginx refuses its configuration, all is as it was and nginx goes on', async () => {
  const paths = [`${includes()}/access.conf`, edge.facts.paths.access, edge.facts.paths.banExemptions];
  const before = paths.map((path) => edge.read(path));
  edge.write('/etc/nginx/conf.d/zz-broken.conf', 'nonsense on;\n');
  const refused = await operator.attempt(['close', 'inference']);
  await edge.sandbox.run(['rm', '/etc/nginx/conf.d/zz-broken.conf']);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('unknown directive "nonsense"');
  expect(paths.map((path) => edge.read(path))).toEqual(before);
  expect(await status('/v1/models')).toBe(200);
});

test('what a power cut left half done is shown, and completed by apply', async () => {
  await operator.access(['close', 'inference']);
  const path = `${includes()}/access.conf`;
  edge.write(path, edge.read(path).replace('default 1', 'default 0'));
  const shown = await operator.attempt(['--json']);
  expect(shown.exitCode).toBe(1);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    applied: false,
    lists: { inference: { others: 'refused' } },
  });
  expect(shown.stderr).toContain('litellm-ctl access apply');
  await operator.access(['apply']);
  expect((await operator.attempt([])).exitCode).toBe(0);
  expect(await status('/v1/models')).toBe(403);
});
