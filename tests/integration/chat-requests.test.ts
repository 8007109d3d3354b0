/** How the request of a call is taken in: who is heard before what, how much, and at which addresses. */
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../../packer/index.ts';
import { deployment, MESSAGES } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const MIB = 1024 * 1024;
const BODY = JSON.stringify({ model: 'one', messages: MESSAGES });

let postgres: PostgresServer;
let provider: FakeProvider;
let gateway: GatewayProcess;
let before = 0;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  gateway = await startGateway({
    database: await postgres.createDatabase(),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({ model_list: [deployment('one', provider.url)] }),
  });
});

beforeEach(() => {
  before = provider.requests.length;
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.close();
  await postgres?.stop();
});

interface Wish {
  readonly path?: string;
  readonly method?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function begin({ path = '/v1/chat/completions', method = 'POST', key = MASTER_KEY, headers }: Wish = {}) {
  const request = httpRequest(`${gateway.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
  });
  // What is still on its way when the gateway has answered finds a closed connection.
  request.on('error', () => undefined);
  return request;
}

async function answerTo(
  request: ClientRequest,
): Promise<{ status: number; head: IncomingMessage; body: unknown }> {
  const [head] = (await once(request, 'response')) as [IncomingMessage];
  return { status: head.statusCode ?? 0, head, body: await json(head) };
}

test.each(['/v1/chat/completions', '/chat/completions', '/v1/chat/completions?api-version=1'])(
  'a call is served at %s',
  async (path) => {
    const { status, body } = await answerTo(begin({ path }).end(BODY));
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: 'chat.completion', model: 'one' });
  },
);

test.each(['GET', 'PUT'])('%s is told what is allowed', async (method) => {
  const { status, head } = await answerTo(begin({ method }).end());
  expect([status, head.headers.allow]).toEqual([405, 'POST']);
});

test('a stranger is refused before the body is read', async () => {
  const request = begin({ key: 'sk-nobody', headers: { 'content-length': String(MIB) } });
  request.flushHeaders();
  const { status, body } = await answerTo(request);
  expect(status).toBe(401);
  expect(body).toMatchObject({ error: { type: 'token_not_found_in_db', code: '401' } });
  request.destroy();
});

test.each<[string, Wish, (request: ClientRequest) => void]>([
  [
    'that is announced too large',
    { headers: { 'content-length': String(65 * MIB) } },
    (request) => request.flushHeaders(),
  ],
  [
    'that grows too large',
    {},
    (request) => {
      request.write(Buffer.alloc(65 * MIB, ' '));
      request.end();
    },
  ],
])('a body %s is refused, and the connection ends', async (_what, wish, send) => {
  const request = begin(wish);
  send(request);
  const { status, head, body } = await answerTo(request);
  expect([status, head.headers.connection]).toEqual([413, 'close']);
  expect(body).toMatchObject({ error: { message: expect.stringContaining(`${64 * MIB} bytes`) } });
  expect(provider.requests).toHaveLength(before);
  request.destroy();
});

test('a body in many pieces is one body', async () => {
  const request = begin();
  for (const byte of Buffer.from(BODY)) request.write(Buffer.of(byte));
  const { status } = await answerTo(request.end());
  expect(status).toBe(200);
  expect(provider.requests).toHaveLength(before + 1);
});

test('a client that leaves while it sends is forgotten, and the next one is served', async () => {
  const request = begin({ headers: { 'content-length': '1000' } });
  request.write('{"model":"one"');
  await until('the gateway has the connection', 5000, async () => {
    if (request.socket?.bytesWritten === 0 || request.socket === null) throw new Error('not yet');
  });
  request.destroy();
  expect((await answerTo(begin().end(BODY))).status).toBe(200);
  expect(provider.requests).toHaveLength(before + 1);
});
