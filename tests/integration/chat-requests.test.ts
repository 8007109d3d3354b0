/** How the request of a call is taken in: who is heard before what, how much, and at which addresses. */
import { once } from 'node:events';
import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../../packer/index.ts';
import { deployment, MESSAGES } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const MIB = 1024 * 1024;
const BODY = JSON.stringify({ model: 'one', messages: MESSAGES });

let postgres: PostgresServer;
let provider: FakeProvider;
let gateway: GatewayProcess;
let database: TestDatabase;
/** A provider that takes whatever it gets, and answers as the test says. */
let lenient: Server;
let answerLeniently: (response: ServerResponse) => void;
let before = 0;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  lenient = createServer((request, response) => request.resume().on('end', () => answerLeniently(response)));
  await once(lenient.listen(0, '127.0.0.1'), 'listening');
  const lenientUrl = `http://127.0.0.1:${(lenient.address() as AddressInfo).port}/v1`;
  database = await postgres.createDatabase();
  gateway = await startGateway({
    database,
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: { on_client_disconnect: 'cancel' },
      model_list: [
        deployment('one', provider.url),
        deployment('lenient', lenientUrl),
        deployment('any/*', lenientUrl, { model: 'openai/*' }),
      ],
    }),
  });
});

beforeEach(() => {
  before = provider.requests.length;
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.close();
  lenient?.close();
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

describe('what only a provider that takes anything would take', () => {
  const CHUNK = 'data: {"id":"lenient-1","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n';
  const streamBody = (model: string, messages: string) =>
    `{"model":"${model}","stream":true,"messages":${messages},"max_tokens":9}`;
  const beginStream = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(CHUNK + CHUNK);
  };

  /** The rows of the calls that asked for a model, once there are so many. */
  async function rowsOf(model: string, count: number): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: postgres.superuserUrl(database.name) });
    await client.connect();
    try {
      return await until(`${count} rows of ${model}`, 15_000, async () => {
        const sql = `SELECT status, prompt_tokens, completion_tokens FROM "LiteLLM_SpendLogs"
                     WHERE model_group = $1 ORDER BY "startTime"`;
        const { rows } = await client.query(sql, [model]);
        if (rows.length < count) throw new Error(`there are ${rows.length}`);
        return rows;
      });
    } finally {
      await client.end();
    }
  }

  test('messages that are no JSON are billed, whether the client waits for the end or leaves', async () => {
    const body = streamBody('lenient', '[1 2, "twenty bytes of text"]');
    answerLeniently = (response) => {
      beginStream(response);
      response.end('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
    };
    const [answer] = (await once(begin().end(body), 'response')) as [IncomingMessage];
    expect(await text(answer)).toContain('[DONE]');

    answerLeniently = beginStream;
    const cut = begin().end(body);
    const [begun] = (await once(cut, 'response')) as [IncomingMessage];
    await once(begun, 'data');
    cut.destroy();
    expect(await rowsOf('lenient', 2)).toMatchObject([
      { status: 'success', prompt_tokens: 12, completion_tokens: 3 },
      { status: 'failure', prompt_tokens: 12, completion_tokens: 3 },
    ]);
    expect((await answerTo(begin().end(BODY))).status).toBe(200);
  });

  test('a model name that is no text in Unicode is told of its failure', async () => {
    answerLeniently = (response) => response.writeHead(400).end('{"error":{"message":"no such model"}}');
    const { status, head } = await answerTo(begin().end(streamBody('any/\\ud800', '[]')));
    expect([status, head.headers['x-litellm-model-group']]).toEqual([400, 'any/%EF%BF%BD']);
  });

  test('an error nested too deep to be handed on is told without that', async () => {
    const nested = `${'{"e":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const error = `{"error":{"message":"deep","param":${nested}}}`;
    answerLeniently = (response) => response.writeHead(400).end(error);
    const { status, body } = await answerTo(begin().end(streamBody('lenient', '[]')));
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { message: expect.stringContaining('deep'), code: '400' } });
    expect(body).not.toHaveProperty('error.provider_specific_fields');
  });

  test.each([
    ['user', { user: 'u'.repeat(513) }],
    ['model', { model: `any/${'m'.repeat(509)}` }],
  ])('a %s too long for an index or a header is refused', async (param, odd) => {
    const sent = JSON.stringify({ model: 'one', messages: MESSAGES, ...odd });
    const { status, body } = await answerTo(begin().end(sent));
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { param, message: expect.stringContaining('512 characters') } });
  });
});
