/** Models that one team alone may call, on a database that LiteLLM has left. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { prepareDatabase, SaltKeys } from '../../gateway/index.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { hashed, litellmDatabase } from '../harness/litellm-database.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const PROVIDER_KEY = 'provider-key-of-the-team-models';
const SALT = 'salt-of-the-team-models';
const LITELLM_KEY = 'sk-of-litellm';

let postgres: PostgresServer;
let db: Client;
let provider: FakeProvider;
let gateway: GatewayProcess;

const own = (model: string, more: object = {}) => ({
  model: `openai/${model}`,
  api_base: provider.url,
  api_key: PROVIDER_KEY,
  ...more,
});

/** A team with a model of its own, as LiteLLM's `/model/new` leaves it. */
const planted = () => ({
  LiteLLM_TeamTable: [{ team_id: 'old', team_alias: 'Old', models: ['gpt'], blocked: false }],
  LiteLLM_VerificationToken: [{ token: hashed(LITELLM_KEY), team_id: 'old', models: [] }],
  LiteLLM_ProxyModelTable: [
    {
      model_id: 'of-old',
      model_name: 'model_name_old_0b1c',
      litellm_params: JSON.stringify(JSON.stringify(new SaltKeys(SALT).sealAll(own('of-old')))),
      model_info: JSON.stringify(
        JSON.stringify({ id: 'of-old', db_model: true, team_id: 'old', team_public_model_name: 'gpt' }),
      ),
      created_by: 'default_user_id',
      updated_by: 'default_user_id',
    },
  ],
});

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  const database = await postgres.createDatabase({ migrated: false });
  provider = await startFakeProvider({ apiKey: PROVIDER_KEY });
  await litellmDatabase(database, planted());
  await prepareDatabase(database.ownerUrl, { runtimeRole: 'litellm', now: Date.now });
  db = new Client({ connectionString: database.ownerUrl });
  await db.connect();
  gateway = await startGateway({
    database,
    environment: { TEST_PROVIDER_KEY: PROVIDER_KEY, LITELLM_SALT_KEY: SALT },
    config: stringify({
      general_settings: {
        proxy_batch_write_at: 0.05,
        budget_enforcement: 'strict',
        store_model_in_db: true,
      },
      litellm_settings: { store_audit_logs: true },
      model_list: [
        deployment('gpt', provider.url, { model: 'openai/of-all' }),
        deployment('open', provider.url),
        { ...deployment('gpt', provider.url, { model: 'openai/of-file' }), model_info: { team_id: 'filed' } },
      ],
    }),
  });
});
afterAll(async () => {
  await gateway?.stop();
  await db?.end();
  await provider?.close();
  await postgres?.stop();
});

/** What these tests look at of the answers of several routes. */
interface Answer {
  readonly data: readonly {
    readonly id: string;
    readonly model_name: string;
    readonly input_cost_per_token: number | null;
  }[];
  readonly team_info: { readonly models: readonly string[] };
  readonly total: number;
  readonly error: { readonly param: string };
}

async function call(path: string, body?: object, key = MASTER_KEY) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer };
}

/** What the provider is asked for when a key calls a model; the status where it is not asked. */
async function reached(key: string, model: string): Promise<string | number> {
  const answer = await postChat({
    url: gateway.url,
    key,
    body: { model, messages: MESSAGES, max_tokens: 10 },
  });
  const body = await answer.text();
  if (answer.status !== 200) return answer.status;
  expect(body).not.toBe('');
  return String(provider.requests.at(-1)?.body?.model);
}

let teams = 0;
/** A new team and a key of it. */
async function team(fields: object = {}, keyFields: object = {}) {
  const id = `team-${teams++}`;
  await manage(gateway.url, '/team/new', { team_id: id, ...fields });
  const { key } = await manage(gateway.url, '/key/generate', { team_id: id, ...keyFields });
  return { id, key: String(key) };
}

/** Gives a team a model of its own; the row. */
const add = (teamId: string, name: string, model: string, more: object = {}) =>
  manage(gateway.url, '/model/new', {
    model_name: name,
    litellm_params: own(model, { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6, ...more }),
    model_info: { team_id: teamId },
  });

const modelsOf = async (teamId: string): Promise<unknown> =>
  (await db.query('SELECT models FROM "LiteLLM_TeamTable" WHERE team_id = $1', [teamId])).rows[0]?.models;

const namesFor = async (key: string): Promise<string[]> =>
  (await call('/v1/models', undefined, key)).body.data.map(({ id }) => id);

describe('a model of a team', () => {
  test('is called by its keys alone, under a name that others have for theirs', async () => {
    const [red, blue, green] = [await team(), await team(), await team()];
    const row = await add(red.id, 'gpt', 'of-red');
    await add(blue.id, 'gpt', 'of-blue');
    expect(row).toMatchObject({
      model_name: expect.stringMatching(new RegExp(`^model_name_${red.id}_[0-9a-f-]{36}$`)),
      model_info: { team_id: red.id, team_public_model_name: 'gpt', db_model: true },
    });
    const asked = await Promise.all([red.key, blue.key, green.key, MASTER_KEY].map((key) => namesFor(key)));
    expect(asked.map((names) => names.filter((name) => name === 'gpt'))).toEqual(Array(4).fill(['gpt']));
    expect(await reached(red.key, 'gpt')).toBe('of-red');
    expect(await reached(blue.key, 'gpt')).toBe('of-blue');
    expect(await reached(green.key, 'gpt')).toBe('of-all');
    expect(await reached(MASTER_KEY, 'gpt')).toBe('of-all');
  });

  test('is for everybody else what nobody has, by whatever name', async () => {
    const [red, blue] = [await team(), await team()];
    const { model_id: id, model_name: name } = await add(red.id, 'secret', 'of-red');
    const ask = async (key: string, model: string) => {
      const { status, body } = await call('/v1/chat/completions', { model, messages: MESSAGES }, key);
      return { status, error: JSON.stringify(body).replaceAll(model, 'MODEL') };
    };
    const unknown = await ask(blue.key, 'nobody');
    for (const model of ['secret', String(id), String(name)]) {
      expect(await reached(red.key, model)).toBe('of-red');
      expect(await ask(blue.key, model)).toEqual(unknown);
      expect(await ask(MASTER_KEY, model)).toEqual(await ask(MASTER_KEY, 'nobody'));
      expect((await call(`/v1/models/${model}`, undefined, blue.key)).status).toBe(404);
    }
    expect(await namesFor(red.key)).toContain('secret');
    expect(await namesFor(blue.key)).not.toContain('secret');
  });

  test('is shown to its keys by their name, to admins by its own, to others not at all', async () => {
    const [red, blue] = [await team(), await team()];
    const { model_id: id, model_name: name } = await add(red.id, 'gpt', 'of-red');
    const shown = (key: string) => call(`/model/info?litellm_model_id=${id}`, undefined, key);
    expect((await shown(red.key)).body.data).toMatchObject([
      { model_name: 'gpt', model_info: { team_id: red.id } },
    ]);
    expect((await shown(MASTER_KEY)).body.data).toMatchObject([{ model_name: name }]);
    expect((await shown(blue.key)).status).toBe(400);
    expect((await call(`/v2/model/info?teamId=${red.id}`)).body.data).toMatchObject([{ model_name: name }]);
    expect((await call(`/v2/model/info?teamId=${red.id}`, undefined, blue.key)).body.data).toEqual([]);
    const cost = async (key: string) =>
      (await call('/model_group/info?model_group=gpt', undefined, key)).body.data[0]?.input_cost_per_token;
    expect(await cost(red.key)).toBe(1e-6);
    expect(await cost(blue.key)).not.toBe(1e-6);
  });

  test('is tried by /health for an admin’s key of the team, and for no other', async () => {
    const red = await team();
    const { model_id: id } = await add(red.id, 'gpt', 'of-red');
    const { user_id } = await manage(gateway.url, '/user/new', { user_role: 'proxy_admin' });
    const { key } = await manage(gateway.url, '/key/generate', { user_id, team_id: red.id });
    const tried = await call('/health?model=gpt', undefined, String(key));
    expect(tried).toMatchObject({
      status: 200,
      body: { healthy_endpoints: [{ model_id: id }], unhealthy_count: 0 },
    });
    expect((await call(`/health?model_id=${id}`)).status).toBe(404);
  });

  test('is allowed by the list of its team while it is there', async () => {
    const [bound, free] = [await team({ models: ['open'] }), await team()];
    const { model_id: first } = await add(bound.id, 'gpt', 'of-bound');
    const { model_id: second } = await add(bound.id, 'gpt', 'of-bound');
    await add(free.id, 'gpt', 'of-free');
    expect([await modelsOf(bound.id), await modelsOf(free.id)]).toEqual([['open', 'gpt'], []]);
    expect((await call(`/team/info?team_id=${bound.id}`)).body.team_info.models).toEqual(['open', 'gpt']);
    await manage(gateway.url, '/model/delete', { id: first });
    expect(await reached(bound.key, 'gpt')).toBe('of-bound');
    await manage(gateway.url, '/model/delete', { id: second });
    // The name does not come to mean what everybody else calls so.
    expect(await reached(bound.key, 'gpt')).toBe(403);
    expect(await modelsOf(bound.id)).toEqual(['open']);
  });

  test('is bound by the list of a key too', async () => {
    const red = await team({}, { models: ['open'] });
    await add(red.id, 'gpt', 'of-red');
    expect(await reached(red.key, 'gpt')).toBe(403);
  });

  test('is renamed by an update, and its team’s list follows', async () => {
    const red = await team({ models: ['open'] });
    const { model_id: id, model_name } = await add(red.id, 'gpt', 'of-red');
    const updated = await manage(gateway.url, '/model/update', {
      model_name: 'new',
      model_info: { id, team_id: red.id },
    });
    expect(updated).toMatchObject({ model_name, model_info: { team_public_model_name: 'new' } });
    expect([await reached(red.key, 'new'), await reached(red.key, 'gpt')]).toEqual(['of-red', 403]);
    expect(await modelsOf(red.id)).toEqual(['open', 'new']);
    // What a client has read, it may send back.
    await manage(gateway.url, '/model/update', { model_name, model_info: updated.model_info as object });
    expect(await reached(red.key, 'new')).toBe('of-red');
  });

  test('that is blocked leaves its name to no other model', async () => {
    const red = await team();
    const { model_id: id } = await add(red.id, 'gpt', 'of-red');
    await manage(gateway.url, '/model/update', { model_info: { id }, blocked: true });
    expect(await reached(red.key, 'gpt')).toBe(429);
    expect(await namesFor(red.key)).not.toContain('gpt');
  });

  test('goes with its team, and comes back with no other of that name', async () => {
    const red = await team();
    const { model_id: id } = await add(red.id, 'secret', 'of-red');
    await manage(gateway.url, '/team/delete', { team_ids: [red.id] });
    expect((await call(`/model/info?litellm_model_id=${id}`)).status).toBe(400);
    const audit = await call(`/audit?table_name=LiteLLM_ProxyModelTable&object_id=${id}&action=deleted`);
    expect(audit.body.total).toBe(1);
    await manage(gateway.url, '/team/new', { team_id: red.id });
    const { key } = await manage(gateway.url, '/key/generate', { team_id: red.id });
    expect(await reached(String(key), 'secret')).toBe(400);
  });
});

describe('budgets, limits and rows use the name that the team has', () => {
  test('a budget and a limit of a key on one model hold by all its names', async () => {
    const red = await team();
    const { model_id: id } = await add(red.id, 'gpt', 'of-red');
    const generate = async (fields: object) =>
      String((await manage(gateway.url, '/key/generate', { team_id: red.id, ...fields })).key);
    const poor = await generate({ model_max_budget: { gpt: { budget_limit: 1e-9, time_period: '1d' } } });
    const slow = await generate({ model_rpm_limit: { gpt: 1 } });
    for (const model of ['gpt', String(id)]) expect(await reached(poor, model)).toBe(429);
    expect(await reached(poor, 'open')).not.toBe(429);
    expect(await reached(slow, 'gpt')).toBe('of-red');
    expect(await reached(slow, String(id))).toBe(429);
  });

  test('an alias of a team leads to its own model', async () => {
    const red = await team({ model_aliases: { fast: 'gpt' } });
    await add(red.id, 'gpt', 'of-red');
    expect(await reached(red.key, 'fast')).toBe('of-red');
  });

  test('a call is recorded under the name that it asked for, with the id of the model', async () => {
    const red = await team();
    const { model_id: id } = await add(red.id, 'gpt', 'of-red');
    await reached(red.key, 'gpt');
    const rows = async () =>
      (
        await db.query(
          'SELECT model_group, model_id, spend > 0 AS costs FROM "LiteLLM_SpendLogs" WHERE team_id = $1',
          [red.id],
        )
      ).rows;
    await expect.poll(rows).toEqual([{ model_group: 'gpt', model_id: id, costs: true }]);
  });
});

test('a model of the file may be of a team too', async () => {
  await manage(gateway.url, '/team/new', { team_id: 'filed' });
  const { key } = await manage(gateway.url, '/key/generate', { team_id: 'filed' });
  expect([await reached(String(key), 'gpt'), await reached(MASTER_KEY, 'gpt')]).toEqual([
    'of-file',
    'of-all',
  ]);
});

describe('what is refused', () => {
  const refused = async (path: string, body: object) => {
    const answer = await call(path, body);
    return { status: answer.status, param: answer.body.error.param };
  };

  test('a team that is not there', async () => {
    const body = { model_name: 'x', litellm_params: own('x'), model_info: { team_id: 'nobody' } };
    expect(await refused('/model/new', body)).toEqual({ status: 400, param: 'model_info.team_id' });
  });

  test('a name that the organisation of the team does not have', async () => {
    const made = await manage(gateway.url, '/organization/new', {
      organization_alias: 'acme',
      models: ['open'],
    });
    const red = await team({ organization_id: made.organization_id, models: ['open'] });
    const body = { model_name: 'gpt', litellm_params: own('x'), model_info: { team_id: red.id } };
    expect(await refused('/model/new', body)).toEqual({ status: 400, param: 'models' });
  });

  test('another team for a model, or none', async () => {
    const [red, blue] = [await team(), await team()];
    const { model_id: id } = await add(red.id, 'gpt', 'of-red');
    for (const team_id of [blue.id, null]) {
      const answer = await refused('/model/update', { model_info: { id, team_id } });
      expect(answer).toEqual({ status: 400, param: 'model_info.team_id' });
    }
    expect(await reached(red.key, 'gpt')).toBe('of-red');
  });
});

describe('a model of a team that LiteLLM has stored', () => {
  test('is served to that team alone, changed and deleted', async () => {
    expect(await reached(LITELLM_KEY, 'gpt')).toBe('of-old');
    expect(await reached(LITELLM_KEY, 'model_name_old_0b1c')).toBe('of-old');
    expect(await reached(MASTER_KEY, 'model_name_old_0b1c')).toBe(400);
    await manage(gateway.url, '/model/update', { model_info: { id: 'of-old' }, model_name: 'mine' });
    expect(await reached(LITELLM_KEY, 'mine')).toBe('of-old');
    await manage(gateway.url, '/model/delete', { id: 'of-old' });
    expect(await reached(LITELLM_KEY, 'mine')).toBe(403);
    expect(await modelsOf('old')).toEqual(['no-default-models']);
  });
});
