/** What the edge itself answers, and what it hands on to the gateway and back. */
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { limits, type RouteDeclaration, routes } from '../../gateway/index.ts';
import { ask, askHttp2 } from '../harness/edge-client.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { Upstream } from '../harness/upstream.ts';

let edge: Edge;
let upstream: Upstream;
const seen: { url: string; headers: IncomingHttpHeaders }[] = [];

beforeAll(async () => {
  edge = await Edge.create();
  upstream = await Upstream.start(edge, (request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    if (request.url === '/v1/steered') {
      response.writeHead(200, { 'x-accel-redirect': '/.splash/failed.html', 'x-frame-options': 'ALLOWALL' });
    }
    if (request.url === '/v1/refused') response.writeHead(503, { 'retry-after': '77' });
    request.resume().once('end', () => response.end('from the gateway'));
  });
});

afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

beforeEach(() => {
  seen.length = 0;
});

const securityHeaders = {
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
};

test.each([
  ['GET', 301],
  ['HEAD', 301],
  ['POST', 308],
])('%s over plain HTTP is led to HTTPS with %d', async (method, status) => {
  const answer = await ask(edge, '/v1/models?limit=1', { method, plain: true, name: 'gw.example.test' });
  expect(answer.status).toBe(status);
  expect(answer.headers.location).toBe('https://gw.example.test/v1/models?limit=1');
  expect(seen).toEqual([]);
});

test('plain HTTP spoken to the TLS port is led to HTTPS', async () => {
  const socket = await edge.sandbox.connect(edge.facts.ports.https);
  socket.write('GET /ui HTTP/1.1\r\nHost: gw.example.test\r\nConnection: close\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 301 /);
  expect(answer).toMatch(/^Location: https:\/\/gw\.example\.test\/ui\r$/m);
});

test('a challenge file is served over plain HTTP', async () => {
  edge.write('/var/www/litellm-acme/.well-known/acme-challenge/token', 'proof');
  const answer = await ask(edge, '/.well-known/acme-challenge/token', { plain: true });
  expect(answer).toMatchObject({ status: 200, text: 'proof' });
});

test('a missing challenge file is 404, not a redirect', async () => {
  expect((await ask(edge, '/.well-known/acme-challenge/none', { plain: true })).status).toBe(404);
});

test.each([
  ['an answer of the gateway', '/v1/models', 200, {}],
  ['the redirect to HTTPS', '/ui', 301, { plain: true }],
  ['the redirect to the UI', '/', 302, {}],
  ['an unknown path', '/nothing', 404, {}],
  ["the gateway's own 503", '/v1/refused', 503, {}],
])('the security headers are on %s', async (_what, path, status, options) => {
  const answer = await ask(edge, path, options);
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject(securityHeaders);
  expect(answer.headers['strict-transport-security']).toBeUndefined();
  expect(answer.headers.server).toBe('nginx');
});

test('every declared route reaches the gateway, but for private ones', async () => {
  const urls = Object.values<RouteDeclaration>(routes)
    .filter(({ reach }) => reach !== 'private')
    .map((route) => ({ ...route, url: route.url.replace('*', 'one') }));
  for (const { method, url } of urls) await ask(edge, url, { method });
  expect(seen.map((request) => request.url)).toEqual(urls.map(({ url }) => url));
});

test.each(['/nothing', '/keys/list', '/.splash/failed.html', '/uix', '/V1/models', '/.env'])(
  '%s is 404 in the error envelope and does not reach the gateway',
  async (path) => {
    const answer = await ask(edge, path);
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.text)).toMatchObject({ error: { type: 'not_found_error', code: '404' } });
    expect(seen).toEqual([]);
  },
);

test('the root leads to the admin UI, wherever the port is forwarded from', async () => {
  expect((await ask(edge, '/', { name: 'localhost:8443' })).headers.location).toBe('/ui');
});

test('the gateway hears from the edge who the client is, not from the client', async () => {
  const claims = { 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.1', forwarded: 'for=10.0.0.1' };
  await ask(edge, '/v1/models', { headers: { ...claims, 'x-forwarded-host': 'evil.example.test' } });
  const headers = seen[0]?.headers;
  expect(headers?.['x-forwarded-for']).toBe(addresses.outside.ipv4);
  expect(headers?.['x-forwarded-proto']).toBe('https');
  expect(headers).not.toHaveProperty('x-real-ip');
  expect(headers).not.toHaveProperty('forwarded');
  expect(headers).not.toHaveProperty('x-forwarded-host');
});

test('an IPv6 client is served and named', async () => {
  expect((await ask(edge, '/v1/models', { family: 'ipv6' })).status).toBe(200);
  expect(seen[0]?.headers['x-forwarded-for']).toBe(addresses.outside.ipv6);
});

test('HTTP/2 is spoken', async () => {
  expect(await askHttp2(edge, '/v1/models')).toEqual({ status: 200, text: 'from the gateway' });
});

test("a provider's X-Accel headers do not steer nginx, and its frame policy does not replace ours", async () => {
  const answer = await ask(edge, '/v1/steered');
  expect(answer).toMatchObject({ status: 200, text: 'from the gateway' });
  expect(answer.headers).not.toHaveProperty('x-accel-redirect');
  expect(answer.headers['x-frame-options']).toBe('DENY');
});

test("the gateway's own 503 passes untouched", async () => {
  const answer = await ask(edge, '/v1/refused');
  expect(answer).toMatchObject({ status: 503, text: 'from the gateway' });
  expect(answer.headers['retry-after']).toBe('77');
});

test('a body of exactly the limit reaches the gateway', async () => {
  const answer = await ask(edge, '/v1/models', { method: 'POST', body: Buffer.alloc(limits.bodyBytes) });
  expect(answer.status).toBe(200);
});

test('a body over the limit is refused in the error envelope', async () => {
  const headers = { 'content-length': String(limits.bodyBytes + 1) };
  const answer = await ask(edge, '/v1/models', { method: 'POST', headers });
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.text).error).toMatchObject({
    message: expect.stringContaining(String(limits.bodyBytes)),
    code: '413',
  });
  expect(seen).toEqual([]);
});

test.each(['/v1/../key/list', '/ui/%2e%2E/v1/models', '/ui/..%2fv1/models', '/v1/./models', '/v1/models/..'])(
  '%s walks, is 404 and does not reach the gateway',
  async (path) => {
    expect((await ask(edge, path)).status).toBe(404);
    expect(seen).toEqual([]);
  },
);

test.each(['/v1/models/a..b', '/v1/models/.hidden', '/v1/models/x?after=/../y'])(
  '%s does not walk and reaches the gateway as it came',
  async (path) => {
    expect((await ask(edge, path)).status).toBe(200);
    expect(seen[0]?.url).toBe(path);
  },
);

test('the workers run without privileges', async () => {
  const [master = ''] = edge.read('/run/nginx.pid').split('\n');
  const workers = edge.read(`/proc/${master}/task/${master}/children`).trim().split(' ');
  const nobody = (await edge.sandbox.run(['id', '--user', 'www-data'])).trim();
  expect(workers.length).toBeGreaterThan(0);
  for (const pid of workers) {
    const status = edge.read(`/proc/${pid}/status`);
    expect(status).toContain(`Uid:\t${[nobody, nobody, nobody, nobody].join('\t')}`);
    expect(status).toMatch(/^CapEff:\t0+$/m);
  }
});

test('the logs hold no query string and no key', async () => {
  await ask(edge, '/v1/models?key=sk-in-the-query', {
    headers: { authorization: 'Bearer sk-in-the-header' },
  });
  await ask(edge, '/nothing?key=sk-in-the-query', { headers: { cookie: 'session=sk-in-a-cookie' } });
  const logs = edge.read('/var/log/nginx/access.log') + edge.read('/var/log/nginx/error.log');
  expect(logs).toContain('"GET /nothing HTTP/1.1" 404');
  expect(logs).not.toContain('sk-in');
});
