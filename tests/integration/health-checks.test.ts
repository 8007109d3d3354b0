/** Whether providers answer, as an operator's monitor asks for it. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const PROVIDER_KEY = ['sk', 'canary-provider-key-5b10'].join('-');
const TAG = 'litellm-internal-health-check';

let postgres: PostgresServer;
let database: TestDatabase;
let db: Client;
let provider: FakeProvider;
let gateway: GatewayProcess;

const start = (general: object): Promise<GatewayProcess> =>
  startGateway({
    database,
    environment: { TEST_PROVIDER_KEY: PROVIDER_KEY, LITELLM_SALT_KEY: 'salt-of-the-tests' },
    config: stringify({
      general_settings: {
        proxy_batch_write_at: 0.05,
        enforce_user_param: true,
        reject_clientside_metadata_tags: true,
        ...general,
      },
      model_list: [
        { ...deployment('slow', provider.url), model_info: { id: 'id-slow', health_check_timeout: 0.5 } },
        { ...deployment('well', provider.url), model_info: { id: 'id-well' } },
        {
          ...deployment('keyless', provider.url, { api_key: 'os.environ/NOT_SET' }),
          model_info: { id: 'id-keyless' },
        },
        deployment('some/*', provider.url, { model: 'openai/*' }),
        {
          ...deployment('any/*', provider.url, { model: 'openai/*' }),
          model_info: { id: 'id-any', health_check_model: 'openai/gpt-4o', health_check_max_tokens: 3 },
        },
      ],
    }),
  });

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  database = await postgres.createDatabase();
  provider = await startFakeProvider({ apiKey: PROVIDER_KEY });
  db = new Client({ connectionString: database.runtimeUrl });
  await db.connect();
  gateway = await start({ store_model_in_db: true });
});
afterAll(async () => {
  await gateway?.stop();
  await db?.end();
  await provider?.close();
  await postgres?.stop();
});

type Members = Record<string, unknown>;

async function call(method: string, path: string, body?: object, key = MASTER_KEY, on = gateway) {
  const answer = await fetch(`${on.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Members };
}

const health = (query: string, key = MASTER_KEY, on = gateway) =>
  call('GET', `/health${query}`, undefined, key, on);
const unhealthy = ({ body }: { body: Members }): Members => (body.unhealthy_endpoints as Members[])[0] ?? {};
const failing = { kind: 'status', status: 500, body: '{"error":{"message":"out of order"}}' } as const;

async function keyOf(role: string, more: object = {}): Promise<string> {
  const user = await call('POST', '/user/new', { user_role: role, auto_create_key: false });
  const made = await call('POST', '/key/generate', { user_id: user.body.user_id, ...more });
  return String(made.body.key);
}

test('a deployment that answers is healthy, and shown without its key', async () => {
  const { status, body } = await health('?model=well');
  expect({ status, ...body }).toEqual({
    status: 200,
    healthy_endpoints: [{ model: 'openai/gpt-4o-mini', api_base: provider.url, model_id: 'id-well' }],
    unhealthy_endpoints: [],
    healthy_count: 1,
    unhealthy_count: 0,
  });
});

test('one asked for by name that fails is told by the status too, with what its provider said', async () => {
  provider.script(failing);
  const answer = await health('?model_id=id-well');
  expect(answer).toMatchObject({ status: 503, body: { healthy_count: 0, unhealthy_count: 1 } });
  expect(unhealthy(answer)).toMatchObject({ model_id: 'id-well', exception_status: 500 });
  expect(unhealthy(answer).error).toContain('out of order');
});

test('one that does not answer in time is not waited for', async () => {
  provider.script({ kind: 'hang' });
  const answer = await health('?model=slow');
  expect(unhealthy(answer)).toMatchObject({ exception_status: 408 });
});

test('one without its key is unhealthy, and the answer names what to set', async () => {
  expect(unhealthy(await health('?model=keyless')).error).toContain('NOT_SET');
});

test('of a pattern the model that the operator names is tried, with so many tokens; without one it is said', async () => {
  const before = provider.requests.length;
  expect((await health('?model_id=id-any')).status).toBe(200);
  expect(provider.requests.slice(before).map(({ body }) => body)).toMatchObject([
    { model: 'gpt-4o', max_completion_tokens: 3 },
  ]);
  expect(unhealthy(await health('?model=some/*')).error).toContain('health_check_model');
});

test('without a name all are tried, and what is unhealthy changes no status', async () => {
  const { status, body } = await health('');
  expect({ status, healthy: body.healthy_count, unhealthy: body.unhealthy_count }).toEqual({
    status: 200,
    healthy: 3,
    unhealthy: 2,
  });
  expect(JSON.stringify(body)).not.toContain(PROVIDER_KEY);
});

test('a name that is no model is not found', async () => {
  expect(await health('?model=nothing')).toMatchObject({
    status: 404,
    body: { error: { type: 'not_found_error', param: 'model' } },
  });
});

test('the key that asks pays, in a row that is tagged', async () => {
  const key = await keyOf('proxy_admin', { key_alias: 'monitor', max_budget: 1 });
  expect((await health('?model=well', key)).status).toBe(200);
  const rows = () =>
    db.query(
      `SELECT model_group, spend > 0 AS paid FROM "LiteLLM_SpendLogs"
       WHERE metadata->>'user_api_key_alias' = 'monitor' AND request_tags ? $1`,
      [TAG],
    );
  await expect.poll(async () => (await rows()).rows).toEqual([{ model_group: 'well', paid: true }]);
});

test('a key whose budget is spent has nothing tried', async () => {
  const key = await keyOf('proxy_admin', { max_budget: 0.000_000_001, spend: 1 });
  const before = provider.requests.length;
  expect(unhealthy(await health('?model=well', key))).toMatchObject({ exception_status: 429 });
  expect(provider.requests).toHaveLength(before);
});

test('a key has only models tried that it may use', async () => {
  const key = await keyOf('proxy_admin_viewer', { models: ['slow'] });
  expect((await health('', key)).body).toMatchObject({ healthy_count: 1, unhealthy_count: 0 });
  expect((await health('?model=well', key)).status).toBe(404);
});

const connection = (params: object, more: object = {}, on = gateway) =>
  call('POST', '/health/test_connection', { litellm_params: params, ...more }, MASTER_KEY, on);
const own = () => ({ model: 'openai/gpt-4o-mini', api_base: provider.url, api_key: PROVIDER_KEY });

test('a model is tried before it is added, and shown without its key', async () => {
  expect(await connection(own(), { mode: 'chat' })).toEqual({
    status: 200,
    body: { status: 'success', result: { model: 'openai/gpt-4o-mini', api_base: provider.url } },
  });
  provider.script(failing);
  const failed = await connection(own());
  expect(failed.body).toMatchObject({ status: 'error', result: { exception_status: 500 } });
  expect(JSON.stringify(failed.body)).not.toContain(PROVIDER_KEY);
});

test.each([
  [
    'a key of the machine at an address of the caller',
    { api_key: 'os.environ/TEST_PROVIDER_KEY' },
    'litellm_params.api_key',
  ],
  ['an address that is none', { api_base: 'file:///etc/passwd' }, 'litellm_params.api_base'],
  ['a provider that nobody knows', { model: 'nobody/x' }, 'litellm_params.model'],
])('%s is refused as it is in a model of the database', async (_what, params, param) => {
  const before = provider.requests.length;
  expect(await connection({ ...own(), ...params })).toMatchObject({
    status: 400,
    body: { error: { param } },
  });
  expect(provider.requests).toHaveLength(before);
});

test('what has not begun when its asker leaves is not tried', async () => {
  const single = await start({ health_check_concurrency: 1 });
  try {
    provider.script({ kind: 'hang' });
    const before = provider.requests.length;
    const leaving = new AbortController();
    const left = fetch(`${single.url}/health`, {
      headers: { authorization: `Bearer ${MASTER_KEY}` },
      signal: leaving.signal,
    });
    await provider.request(before + 1);
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    // It has its turn behind the others.
    expect((await health('?model=well', MASTER_KEY, single)).status).toBe(200);
    expect(provider.requests).toHaveLength(before + 2);
  } finally {
    await single.stop();
  }
});

test('where the API adds no models it tries none, and details are shown where the operator wants them', async () => {
  const closed = await start({ health_check_details: false });
  try {
    expect((await connection(own(), {}, closed)).body).toMatchObject({
      error: { param: 'store_model_in_db' },
    });
    provider.script(failing);
    expect(unhealthy(await health('?model=well', MASTER_KEY, closed))).toEqual({
      model: 'openai/gpt-4o-mini',
      model_id: 'id-well',
      exception_status: 500,
    });
  } finally {
    await closed.stop();
  }
});
