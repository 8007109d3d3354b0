/** From where callers may come, and how much they and providers may send. */
import { request as httpRequest } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { absentRoutes, type RouteDeclaration, routes } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const MIB = 1024 * 1024;
const REFUSED = {
  status: 403,
  body: {
    error: {
      message: expect.stringContaining('allowed_ips'),
      type: 'auth_error',
      param: 'None',
      code: '403',
    },
  },
};

let server: PostgresServer;
let provider: FakeProvider;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
});
afterAll(async () => {
  await provider?.close();
  await server?.stop();
});

describe('with allowed_ips', () => {
  let gateway: AdminGateway;
  let address: string;

  beforeAll(async () => {
    const allowed = [
      { address: '198.51.100.0', prefix: 24, family: 'ipv4' },
      { address: '2001:db8::', prefix: 32, family: 'ipv6' },
    ] as const;
    gateway = await startAdminGateway(await server.createDatabase(), {
      networkRules: { allowed, maxRequestBytes: null, maxAnswerBytes: null },
    });
    address = await gateway.app.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => gateway?.close());

  /** Asks as the edge does for somebody who calls from there. */
  const from = (client: string, path: string) =>
    gateway.call(path, { headers: { 'x-forwarded-for': client } });
  const chatFrom = async (client: string) => {
    const headers = { 'x-forwarded-for': client };
    const answer = await postChat({ url: address, key: gateway.masterKey, headers, body: {} });
    return { status: answer.status, body: await answer.json() };
  };

  test('callers from there are served', async () => {
    for (const client of ['198.51.100.7', '2001:db8::7', '::ffff:198.51.100.7']) {
      expect((await from(client, '/key/list')).status).toBe(200);
      expect((await chatFrom(client)).status).toBe(200);
    }
  });

  test('others are not, whatever their key, and one that names no address neither', async () => {
    for (const client of ['203.0.113.7', '2001:db9::7', 'unknown', '198.51.100.7, 203.0.113.7']) {
      expect(await from(client, '/key/list')).toMatchObject(REFUSED);
      expect(await chatFrom(client)).toMatchObject(REFUSED);
    }
  });

  test('every route that takes a key or leads to one is closed, and the health of the machine is not', async () => {
    const declared = Object.values<RouteDeclaration>({ ...routes, ...absentRoutes });
    const open: string[] = [];
    for (const { method, url, direct } of declared.filter((route) => !('direct' in route))) {
      expect(direct).toBeUndefined();
      const { statusCode } = await gateway.app.inject({
        method,
        url: url.replaceAll(/:\w+|\*/g, 'x'),
        headers: { authorization: `Bearer ${gateway.masterKey}`, 'x-forwarded-for': '203.0.113.7' },
      });
      if (statusCode !== 403) open.push(url);
    }
    expect(open).toEqual(['/health/liveliness', '/health/liveness', '/health/readiness', '/ui/style.css']);
  });

  test('the machine itself may call, with and without the edge', async () => {
    expect((await gateway.call('/key/list')).status).toBe(200);
    expect((await from('127.0.0.1', '/key/list')).status).toBe(200);
    expect((await from('::1', '/key/list')).status).toBe(200);
    expect((await gateway.app.inject('/ui/sign-in')).statusCode).toBe(200);
  });

  test('whoever does not come through the edge is where its connection comes from, whatever it says', async () => {
    const { statusCode } = await gateway.app.inject({
      url: '/key/list',
      remoteAddress: '203.0.113.7',
      headers: { authorization: `Bearer ${gateway.masterKey}`, 'x-forwarded-for': '198.51.100.7' },
    });
    expect(statusCode).toBe(403);
  });

  test('refusals leave rows that name address and reason, and no key', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.99' };
    await gateway.call('/key/list', { headers, key: 'sk-of-a-stranger' });
    await gateway.app.inject({ url: '/ui/sign-in', headers });
    await gateway.storeRefusals();
    const { rows } = await gateway.db.query(
      `SELECT * FROM "LiteLLM_SpendLogs" WHERE requester_ip_address = '203.0.113.99'
        ORDER BY metadata->>'user_api_key_request_route'`,
    );
    const error_information = { error_code: '403', error_class: 'address_refused' };
    expect(rows).toMatchObject([
      { status: 'error', metadata: { error_information, user_api_key_request_route: '/key/list' } },
      { status: 'error', metadata: { error_information, user_api_key_request_route: '/ui/sign-in' } },
    ]);
    expect(JSON.stringify(rows)).not.toContain('of-a-stranger');
  });
});

describe('with sizes', () => {
  const started = async () =>
    startGateway({
      database: await server.createDatabase(),
      environment: { TEST_PROVIDER_KEY: provider.apiKey },
      config: stringify({
        general_settings: {
          allowed_ips: ['198.51.100.7'],
          trusted_proxy_ranges: ['127.0.0.1'],
          max_request_size_mb: 0.5,
          max_response_size_mb: 0.25,
        },
        model_list: [deployment('one', provider.url)],
      }),
    });
  let gateway: Awaited<ReturnType<typeof started>>;

  beforeAll(async () => {
    gateway = await started();
  });
  afterAll(() => gateway?.stop());

  /** Sends a body that is announced, or one in chunks. */
  function send(path: string, body: Buffer, headers: Readonly<Record<string, string | number>> = {}) {
    return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
      const request = httpRequest(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json', ...headers },
      });
      request.on('response', (answer) => {
        json(answer).then((read) => resolve({ status: answer.statusCode, body: read }), reject);
      });
      // What is still on its way when the gateway has answered finds a closed connection.
      request.on('error', () => undefined);
      request.write(body);
      request.end();
    });
  }

  const tooLarge = {
    status: 400,
    body: {
      error: {
        message: `The request body is larger than ${MIB / 2} bytes, which is general_settings.max_request_size_mb`,
        type: 'bad_request_error',
        code: '400',
      },
    },
  };

  test.each(['/v1/chat/completions', '/key/generate'])('a larger request to %s is refused', async (path) => {
    const body = Buffer.alloc(MIB / 2 + 1, ' ');
    const before = provider.requests.length;
    expect(await send(path, body, { 'content-length': body.length })).toMatchObject(tooLarge);
    expect(await send(path, body, { 'transfer-encoding': 'chunked' })).toMatchObject(tooLarge);
    expect(provider.requests).toHaveLength(before);
  });

  test('one as large is served', async () => {
    const text = JSON.stringify({ model: 'one', messages: MESSAGES });
    const body = Buffer.from(text.padEnd(MIB / 2, ' '));
    expect((await send('/v1/chat/completions', body)).status).toBe(200);
    expect((await send('/key/generate', Buffer.from('{}'.padEnd(MIB / 2, ' ')))).status).toBe(200);
  });

  test('a larger answer is refused, and charged', async () => {
    const { key } = await manage(gateway.url, '/key/generate', { max_budget: 1 });
    const usage = { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 };
    const choices = [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(MIB / 4) } }];
    provider.script({ kind: 'raw', body: JSON.stringify({ id: 'large', choices, usage }) });
    const body = { model: 'one', messages: MESSAGES };
    const refused = await postChat({ url: gateway.url, key: String(key), body });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: {
        message: `The provider 'openai' answered more than ${MIB / 4} bytes, which is general_settings.max_response_size_mb`,
        type: 'bad_request_error',
      },
    });
    // 1,000 tokens at $0.15 and 1,000 at $0.60 a million.
    expect(Number(refused.headers.get('x-litellm-response-cost'))).toBeCloseTo(0.00075, 10);
    expect((await postChat({ url: gateway.url, key: String(key), body })).status).toBe(200);
  });
});
