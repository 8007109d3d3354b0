/** Models and credentials that are added by the API, as clients of two gateways on one database meet them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { gatewayBundle, SaltKeys } from '../../gateway/index.ts';
import { searchDatabase } from '../harness/canaries.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const PROVIDER_KEY = ['sk', 'canary-provider-key-1d77'].join('-');
const HEADER = 'canary-header-49c0';
const SALT = 'canary-salt-8a51';
const WAIT = { timeout: 15_000 };
const FILE_ID = 'id-of-the-file';

let postgres: PostgresServer;
let database: TestDatabase;
let db: Client;
let provider: FakeProvider;
let gateway: GatewayProcess;
let second: GatewayProcess;

const start = (general: object, on = database): Promise<GatewayProcess> =>
  startGateway({
    database: on,
    environment: { TEST_PROVIDER_KEY: PROVIDER_KEY, OPENAI_API_KEY: PROVIDER_KEY, LITELLM_SALT_KEY: SALT },
    config: stringify({
      general_settings: { proxy_batch_write_at: 0.05, budget_enforcement: 'strict', ...general },
      litellm_settings: { store_audit_logs: true },
      credential_list: [
        {
          credential_name: 'of-file',
          credential_values: { api_base: provider.url, api_key: 'os.environ/TEST_PROVIDER_KEY' },
        },
      ],
      model_list: [
        { ...deployment('in-file', provider.url), model_info: { id: FILE_ID } },
        {
          model_name: 'with-credential',
          litellm_params: { model: 'openai/gpt-4o-mini', litellm_credential_name: 'of-file' },
        },
      ],
    }),
  });

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  database = await postgres.createDatabase();
  provider = await startFakeProvider({ apiKey: PROVIDER_KEY });
  // The gateways' own role: only it sees what they ask the database.
  db = new Client({ connectionString: database.runtimeUrl });
  await db.connect();
  [gateway, second] = await Promise.all([
    start({ store_model_in_db: true }),
    start({ store_model_in_db: true }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway?.stop(), second?.stop()]);
  await db?.end();
  await provider?.close();
  await postgres?.stop();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  body?: object,
  on = gateway,
  key = MASTER_KEY,
): Promise<Answer> {
  const answer = await fetch(`${on.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const chat = async (model: string, on = gateway, key = MASTER_KEY): Promise<number> => {
  const answer = await postChat({ url: on.url, key, body: { model, messages: MESSAGES, max_tokens: 10 } });
  await answer.text();
  return answer.status;
};

const own = (more: object = {}) => ({
  model: 'openai/gpt-4o-mini',
  api_base: provider.url,
  api_key: PROVIDER_KEY,
  extra_headers: { 'x-secret': HEADER },
  ...more,
});

let names = 0;
/** Adds a model of a new name. */
async function add(
  params: object = own(),
  info: object = {},
): Promise<{ name: string; id: string; answer: Answer }> {
  const name = `stored-${names++}`;
  const answer = await call('POST', '/model/new', {
    model_name: name,
    litellm_params: params,
    model_info: info,
  });
  return { name, id: String(answer.body.model_id), answer };
}

const messageOf = ({ body }: Answer): string => (body.error as { message: string }).message;
const infoOf = async (id: string, on = gateway) => {
  const { body } = await call('GET', `/model/info?litellm_model_id=${id}`, undefined, on);
  return (body.data as Record<string, Record<string, unknown>>[])[0];
};

describe('a model', () => {
  test('is served by every process at once, changed and deleted too', async () => {
    const { name, id, answer } = await add();
    expect(answer.status).toBe(200);
    expect(await chat(name)).toBe(200);
    await expect.poll(() => chat(name, second), WAIT).toBe(200);
    expect((await provider.request(provider.requests.length)).headers['x-secret']).toBe(HEADER);

    expect(
      await call('POST', '/model/update', { model_name: `${name}-renamed`, model_info: { id } }),
    ).toMatchObject({
      status: 200,
      body: { model_id: id, model_name: `${name}-renamed` },
    });
    expect([await chat(name), await chat(`${name}-renamed`)]).toEqual([400, 200]);
    await expect.poll(() => chat(name, second), WAIT).toBe(400);

    expect(await call('POST', '/model/delete', { id })).toEqual({
      status: 200,
      body: { message: `Model: ${id} deleted successfully` },
    });
    expect(await chat(`${name}-renamed`)).toBe(400);
    await expect.poll(() => chat(`${name}-renamed`, second), WAIT).toBe(400);
    expect(await call('POST', '/model/delete', { id })).toMatchObject({ status: 400 });
  });

  test('is served where the announcement was lost', async () => {
    const { name } = await add();
    await expect.poll(() => chat(name, second), WAIT).toBe(200);
    await db.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query = 'SELECT version FROM key_changes'",
    );
    const { name: other } = await add();
    await expect.poll(() => chat(other, second), WAIT).toBe(200);
  });

  test('that is blocked is kept and not served', async () => {
    const { name, id } = await add();
    const patch = (body: object) => call('PATCH', `/model/${id}/update`, body);
    expect(await patch({ blocked: true })).toMatchObject({ status: 200, body: { blocked: true } });
    expect(await chat(name)).toBe(400);
    expect((await infoOf(id))?.model_info).toMatchObject({ id, blocked: true });
    await patch({ blocked: false });
    expect(await chat(name)).toBe(200);
  });

  test('costs what its row says, and budgets are held to it', async () => {
    const { name } = await add(own({ input_cost_per_token: 0.001, output_cost_per_token: 0.002 }));
    const { key, token } = await manage(gateway.url, '/key/generate', { max_budget: 1 });
    expect(await chat(name, gateway, String(key))).toBe(200);
    const spent = async () =>
      (await db.query('SELECT spend FROM "LiteLLM_VerificationToken" WHERE token = $1', [token])).rows[0]
        .spend;
    await expect.poll(spent, WAIT).toBeGreaterThan(0.002);
    const { name: dear } = await add(own({ input_cost_per_token: 0.9, output_cost_per_token: 0.9 }));
    expect(await chat(dear, gateway, String(key))).toBe(429);
  });

  test('that no salt key opens is named in the log, and its row is kept', async () => {
    const id = 'sealed-by-another';
    const sealed = new SaltKeys('another salt').sealAll(own());
    await db.query(
      `INSERT INTO "LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, created_by, updated_by)
       VALUES ($1, 'unreadable', $2, 'x', 'x')`,
      [id, JSON.stringify(sealed)],
    );
    const { name } = await add();
    expect(await gateway.logged('a model of the database is not served')).toMatchObject({ model: id });
    expect([await chat('unreadable'), await chat(name)]).toEqual([400, 200]);
    expect((await infoOf(id))?.model_info).toMatchObject({
      faults: [expect.stringContaining("'model' cannot be read")],
    });
    expect(messageOf(await call('POST', '/model/update', { model_info: { id } }))).toContain(
      'LITELLM_SALT_KEY_PREVIOUS',
    );
    const { rows } = await db.query(
      'SELECT litellm_params FROM "LiteLLM_ProxyModelTable" WHERE model_id = $1',
      [id],
    );
    expect(rows).toEqual([{ litellm_params: sealed }]);
    await call('POST', '/model/delete', { id });
  });

  test('that LiteLLM has stored as a text in JSON, with a value put in by hand, is served', async () => {
    const params = { ...new SaltKeys(SALT).sealAll(own()), api_base: provider.url, rpm: 5 };
    await db.query(
      `INSERT INTO "LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params, created_by, updated_by)
       VALUES ('brought-along', 'brought-along', to_jsonb($1::text), 'x', 'x')`,
      [JSON.stringify(params)],
    );
    await add();
    expect(await chat('brought-along')).toBe(200);
  });
});

describe('what is refused', () => {
  test.each([
    ['an address that is none', () => own({ api_base: 'file:///etc/passwd' }), 'litellm_params.api_base'],
    ['an address with a password', () => own({ api_base: 'http://:x@host/v1' }), 'litellm_params.api_base'],
    ['a provider that is none', () => own({ model: 'opnai/gpt-4o' }), "did you mean 'openai'"],
    [
      "a variable of the gateway's",
      () => own({ user: 'os.environ/LITELLM_MASTER_KEY' }),
      'litellm_params.user',
    ],
    [
      'the key of the environment for an address of its own',
      () => own({ api_key: undefined }),
      'a key of the environment is not sent',
    ],
    [
      'the key of a credential for an address of its own',
      () => own({ api_key: undefined, litellm_credential_name: 'of-file' }),
      'is sent to no other address',
    ],
    ['a credential that is none', () => own({ litellm_credential_name: 'nobody' }), "no credential 'nobody'"],
    ['what would be believed to protect', () => own({ max_budget: 5 }), 'litellm_params.max_budget'],
  ])('%s', async (_name, params, message) => {
    const { answer } = await add(params());
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
  });

  test('an id that is taken, by the file too', async () => {
    const { id } = await add();
    expect(messageOf((await add(own(), { id })).answer)).toContain('exists already');
    expect(messageOf((await add(own(), { id: FILE_ID })).answer)).toContain('is the id of another entry too');
  });

  test('changes of models of the file', async () => {
    for (const answer of [
      await call('POST', '/model/update', { model_info: { id: FILE_ID }, model_name: 'x' }),
      await call('PATCH', `/model/${FILE_ID}/update`, { blocked: true }),
      await call('POST', '/model/delete', { id: FILE_ID }),
    ]) {
      expect(answer.status).toBe(400);
      expect(messageOf(answer)).toContain('stands in the configuration file');
    }
  });

  test('another address for a key that is stored', async () => {
    const { id } = await add();
    const move = (params: object) =>
      call('POST', '/model/update', { model_info: { id }, litellm_params: params });
    const moved = await move({ api_base: 'https://elsewhere.example.com/v1' });
    expect(moved.status).toBe(400);
    expect(messageOf(moved)).toContain('Give api_key together with api_base');
    expect((await move({ api_base: 'https://elsewhere.example.com/v1', api_key: 'new' })).status).toBe(200);
  });

  test('every change where the operator has not allowed any', async () => {
    const own = await postgres.createDatabase();
    for (const [general, status, setting] of [
      [{}, 500, 'store_model_in_db'],
      [{ store_model_in_db: true, disable_add_model_via_api: true }, 403, 'disable_add_model_via_api'],
    ] as const) {
      await using closed = await start(general, own);
      for (const answer of [
        await call('POST', '/model/new', { model_name: 'x', litellm_params: {} }, closed),
        await call('POST', '/model/delete', { id: 'x' }, closed),
        await call('DELETE', '/credentials/x', undefined, closed),
      ]) {
        expect(answer).toMatchObject({ status, body: { error: { param: setting } } });
        expect(messageOf(answer)).toContain(setting);
      }
    }
  });
});

describe('a credential', () => {
  test('of the file serves models of the file and of the database', async () => {
    expect(await chat('with-credential')).toBe(200);
    const { name } = await add({ model: 'openai/gpt-4o-mini', litellm_credential_name: 'of-file' });
    expect(await chat(name)).toBe(200);
  });

  test('of the database serves models; a change of it is in force in every process', async () => {
    const values = { api_base: provider.url, api_key: 'wrong' };
    const made = { credential_name: 'stored', credential_values: values, credential_info: { team: 'red' } };
    expect(await call('POST', '/credentials', made)).toMatchObject({ status: 200, body: { success: true } });
    expect(await call('POST', '/credentials', made)).toMatchObject({ status: 400 });
    const { name } = await add({ model: 'openai/gpt-4o-mini', litellm_credential_name: 'stored' });
    expect(await chat(name)).toBe(401);
    const patched = await call('PATCH', '/credentials/stored', {
      credential_values: { api_key: PROVIDER_KEY },
    });
    expect(patched).toMatchObject({ status: 200, body: { success: true } });
    expect(await chat(name)).toBe(200);
    await expect.poll(() => chat(name, second), WAIT).toBe(200);
    expect(await call('GET', '/credentials/by_name/stored')).toEqual({
      status: 200,
      body: {
        credential_name: 'stored',
        credential_values: { api_base: provider.url, api_key: '****' },
        credential_info: { team: 'red' },
      },
    });
    const move = await call('PATCH', '/credentials/stored', {
      credential_values: { api_base: 'https://x.example' },
    });
    expect(messageOf(move)).toContain('Give api_key together with api_base');
    const masked = await call('PATCH', '/credentials/stored', { credential_values: { api_key: '****' } });
    expect(masked.status).toBe(400);
    expect((await call('DELETE', '/credentials/stored')).status).toBe(200);
    expect(await chat(name)).toBe(400);
    expect((await call('GET', '/credentials/by_name/stored')).status).toBe(404);
  });

  test('holds no variable of the environment, and none of the file can be changed', async () => {
    const refer = { credential_name: 'refers', credential_values: { api_key: 'os.environ/OPENAI_API_KEY' } };
    expect(messageOf(await call('POST', '/credentials', refer))).toContain('credential_list');
    expect(messageOf(await call('PATCH', '/credentials/of-file', {}))).toContain(
      'stands in the configuration file',
    );
    const { body } = await call('GET', '/credentials');
    expect(body.credentials).toContainEqual({
      credential_name: 'of-file',
      credential_values: { api_base: provider.url, api_key: '****' },
      credential_info: {},
    });
  });
});

describe('what is told of models', () => {
  test('is what they cost and who serves them, page by page too, and for a key no more than it may use', async () => {
    const { name, id } = await add(own({ rpm: 7, input_cost_per_token: 2e-6 }), {
      supports_vision: true,
      mine: 'kept',
    });
    const shown = {
      model_name: name,
      litellm_params: {
        model: 'openai/gpt-4o-mini',
        api_base: provider.url,
        rpm: 7,
        input_cost_per_token: 2e-6,
      },
      model_info: {
        id,
        db_model: true,
        mine: 'kept',
        input_cost_per_token: 2e-6,
        litellm_provider: 'openai',
      },
    };
    expect(await infoOf(id)).toMatchObject(shown);
    expect((await call('GET', `/v2/model/info?search=${name}&size=1`)).body).toMatchObject({
      data: [shown],
      total_count: 1,
      current_page: 1,
      total_pages: 1,
      size: 1,
    });
    expect((await call('GET', `/model_group/info?model_group=${name}`)).body.data).toMatchObject([
      { model_group: name, providers: ['openai'], rpm: 7, mode: 'chat', supports_vision: true },
    ]);
    const { key } = await manage(gateway.url, '/key/generate', { models: ['in-file'] });
    for (const path of ['/model/info', '/v1/model/info', '/v2/model/info']) {
      const { body } = await call('GET', path, undefined, gateway, String(key));
      expect(body.data).toMatchObject([
        { model_name: 'in-file', model_info: { id: FILE_ID, db_model: false } },
      ]);
    }
  });
});

/** Runs `migrate reseal` with these keys; `begun` gets the process. */
async function reseal(
  env: Record<string, string>,
  begun: (kill: () => void) => Promise<void> = async () => {},
) {
  const child = spawn(process.execPath, [gatewayBundle.migrate, 'reseal'], {
    env: { DATABASE_URL: database.runtimeUrl, ...env },
  });
  const exit = once(child, 'exit');
  const said = Promise.all([readText(child.stdout), readText(child.stderr)]);
  await begun(() => void child.kill('SIGKILL'));
  const [code] = (await exit) as [number | null];
  return { code, output: (await said).join('') };
}

const keyIds = async (): Promise<string[]> =>
  (
    await db.query<{ key: string }>(
      `SELECT coalesce(litellm_params_key_id, 'none') AS key FROM "LiteLLM_ProxyModelTable" ORDER BY model_id`,
    )
  ).rows.map(({ key }) => key);

test('the salt key is changed, by a run that is killed in the middle and by one that goes on', async () => {
  await call('POST', '/credentials', {
    credential_name: 'kept',
    credential_values: { api_key: PROVIDER_KEY },
  });
  const { name } = await add();
  const { rows } = await db.query('SELECT model_id FROM "LiteLLM_ProxyModelTable" ORDER BY model_id');
  const middle = rows[Math.floor(rows.length / 2)].model_id;
  const fresh = 'canary-salt-of-tomorrow';
  const id = new SaltKeys(fresh).id;
  const env = { LITELLM_SALT_KEY: fresh, LITELLM_SALT_KEY_PREVIOUS: SALT };

  const holder = new Client({ connectionString: database.runtimeUrl });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM "LiteLLM_ProxyModelTable" WHERE model_id = $1 FOR UPDATE', [middle]);
  const waits = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%litellm_params_key_id IS DISTINCT%'`;
  const killed = await reseal(env, async (kill) => {
    await expect.poll(async () => (await db.query(waits)).rows[0].n, WAIT).toBe(1);
    kill();
  });
  await holder.end();
  expect(killed.code).toBeNull();
  const halfway = await keyIds();
  expect(halfway).toContain(id);
  expect(halfway).toContain(new SaltKeys(SALT).id);

  expect(await reseal(env)).toMatchObject({ code: 0, output: expect.stringContaining('not readable: 0') });
  expect(new Set(await keyIds())).toEqual(new Set([id]));
  expect(await reseal(env)).toMatchObject({ code: 0, output: 'sealed anew: 0; not readable: 0\n' });

  const lost = await reseal({ LITELLM_SALT_KEY: 'a third', LITELLM_SALT_KEY_PREVIOUS: SALT });
  expect(lost).toMatchObject({ code: 1, output: expect.stringContaining('LITELLM_SALT_KEY_PREVIOUS') });
  expect(new Set(await keyIds())).toEqual(new Set([id]));

  await using renewed = await startGateway({
    database,
    environment: { LITELLM_SALT_KEY: fresh, TEST_PROVIDER_KEY: PROVIDER_KEY },
    config: stringify({ general_settings: { store_model_in_db: true } }),
  });
  expect(await chat(name, renewed)).toBe(200);
});

test('no secret stands in clear in the database, in a log or in an answer', async () => {
  const answers: string[] = [];
  const { id } = await add();
  for (const path of [
    '/model/info',
    '/v2/model/info',
    '/model_group/info',
    '/credentials',
    '/audit?page_size=100',
  ]) {
    answers.push(JSON.stringify((await call('GET', path)).body));
  }
  answers.push(JSON.stringify((await call('PATCH', `/model/${id}/update`, { model_name: 'z' })).body));
  const secrets = { provider: PROVIDER_KEY, header: HEADER, salt: SALT };
  const { found } = await searchDatabase(db, secrets);
  expect(found).toEqual({ provider: [], header: [], salt: [] });
  for (const secret of Object.values(secrets)) {
    expect(answers.join('')).not.toContain(secret);
    expect(gateway.output() + second.output()).not.toContain(secret);
  }
  expect(
    (await call('GET', '/audit?table_name=LiteLLM_ProxyModelTable&page_size=1')).body.audit_logs,
  ).toHaveLength(1);
});
