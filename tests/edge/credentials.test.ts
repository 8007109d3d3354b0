/** The switches of `litellm-ctl access` for who proves more than a key: client certificates and basic auth. */
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Authority } from '../harness/authority.ts';
import { ask, tlsTo } from '../harness/edge-client.ts';
import { EdgeOperator } from '../harness/edge-operator.ts';
import { Edge } from '../harness/nginx.ts';
import { Upstream } from '../harness/upstream.ts';

let edge: Edge;
let operator: EdgeOperator;
let upstream: Upstream;
const seen: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  edge = await Edge.create();
  upstream = await Upstream.start(edge, (request, response) => {
    seen.push(request.headers);
    response.end('from the gateway');
  });
  operator = await EdgeOperator.install(edge);
});

afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await edge?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  seen.length = 0;
});

describe('client certificates', () => {
  let ours: { cert: string; key: string };
  let strangers: { cert: string; key: string };

  beforeAll(async () => {
    const [authority, other] = await Promise.all([Authority.create(), Authority.create()]);
    [ours, strangers] = await Promise.all([authority.issueClient('back end'), other.issueClient('stranger')]);
    edge.write('/var/tmp/clients.pem', authority.certificatePem);
    await operator.access(['client-certificates', 'on', '/var/tmp/clients.pem']);
  });

  async function askWith(pair: { cert: string; key: string }, path: string) {
    const socket = await tlsTo(edge, pair);
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    httpsRequest({ path, headers: { host: 'edge', connection: 'close' }, createConnection: () => socket })
      .once('error', reject)
      .once('response', async (response) => {
        resolve({ status: response.statusCode ?? 0, text: await text(response) });
      })
      .end();
    return promise;
  }

  test.each(['/v1/models', '/ui', '/key/list'])(
    '%s is refused without one, in the error envelope',
    async (path) => {
      const refused = await ask(edge, path);
      expect(refused.status).toBe(403);
      expect(JSON.parse(refused.text).error.message).toContain('client certificate');
      expect(seen).toEqual([]);
    },
  );

  test('a health check, which has none, is answered', async () => {
    expect((await ask(edge, '/health/readiness')).status).toBe(200);
  });

  test('a certificate of the authority lets in', async () => {
    expect(await askWith(ours, '/v1/models')).toEqual({ status: 200, text: 'from the gateway' });
  });

  test('a certificate of another authority does not', async () => {
    expect((await askWith(strangers, '/v1/models')).status).toBe(403);
    expect(seen).toEqual([]);
  });

  test('switched off, everyone may come without', async () => {
    await operator.access(['client-certificates', 'off']);
    expect((await ask(edge, '/v1/models')).status).toBe(200);
    expect(edge.exists(`${edge.facts.paths.edgeIncludes}/client-authorities.pem`)).toBe(false);
  });
});

describe('basic auth', () => {
  const PASSWORD = 'a password, long enough';
  const basic = (password: string) => `Basic ${Buffer.from(`ops:${password}`).toString('base64')}`;
  const last = (): string => edge.read('/var/log/nginx/access.log').trimEnd().split('\n').at(-1) ?? '';

  beforeAll(() => operator.access(['basic-auth', 'on', '--user', 'ops'], { input: `${PASSWORD}\n` }));

  test.each(['/v1/models', '/ui'])('%s asks for a password in the error envelope', async (path) => {
    const refused = await ask(edge, path, { headers: { authorization: 'Bearer sk-key' } });
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Basic realm="gateway"');
    expect(JSON.parse(refused.text).error.message).toContain('x-litellm-api-key');
    expect(last().split(' ')[2]).toBe('-');
    expect(seen).toEqual([]);
  });

  test('the right one lets in; the key travels beside it, and the password ends at the edge', async () => {
    const headers = { authorization: basic(PASSWORD), 'x-litellm-api-key': 'sk-key' };
    expect((await ask(edge, '/v1/models', { headers })).status).toBe(200);
    expect(seen[0]).toMatchObject({ 'x-litellm-api-key': 'sk-key' });
    expect(seen[0]).not.toHaveProperty('authorization');
  });

  test('a wrong one does not, and counts as a failed sign-in', async () => {
    expect((await ask(edge, '/ui', { headers: { authorization: basic('wrong') } })).status).toBe(401);
    // The line is written after the answer.
    await expect.poll(() => last().split(' ')[2]).toBe('sign-in');
  });

  test('health checks and challenges of a certificate authority go without', async () => {
    edge.write('/var/www/litellm-acme/.well-known/acme-challenge/token', 'proof');
    expect((await ask(edge, '/health/readiness')).status).toBe(200);
    expect((await ask(edge, '/.well-known/acme-challenge/token', { plain: true })).text).toBe('proof');
  });

  test('only nginx and root can read the password, and only its hash', async () => {
    const path = `${edge.facts.paths.edgeIncludes}/basic-auth.users`;
    expect((await edge.sandbox.run(['stat', '-c', '%U:%G %a', path])).trim()).toBe('root:www-data 640');
    expect(edge.read(path)).not.toContain(PASSWORD);
  });

  test('switched off, a key in Authorization reaches the gateway again', async () => {
    await operator.access(['basic-auth', 'off']);
    await ask(edge, '/v1/models', { headers: { authorization: 'Bearer sk-key' } });
    expect(seen[0]?.authorization).toBe('Bearer sk-key');
  });
});
