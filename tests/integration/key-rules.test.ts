/** What the configuration says of new keys, over a real database. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayBundle, type KeyRules, NO_KEY_RULES, readConfig } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const NOW = Date.UTC(2026, 10, 28, 12);
const DAY = 24 * 3_600_000;

let server: PostgresServer;
let database: TestDatabase;
let gateway: AdminGateway;

/** The rules are the operator's, and so are a gateway's own. */
async function restart(keyRules: KeyRules): Promise<void> {
  await gateway?.close();
  gateway = await startAdminGateway(database, { clock: () => NOW, keyRules });
}

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  database = await server.createDatabase();
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

const post = (path: string, body: object, key?: string) =>
  gateway.call(path, { body, ...(key !== undefined && { key }) });

describe('the shipped configuration', () => {
  beforeAll(async () => {
    const { config } = readConfig({
      text: readFileSync(gatewayBundle.defaultConfig, 'utf8'),
      environment: {
        LITELLM_MASTER_KEY: 'sk-1',
        LITELLM_SALT_KEY: 's',
        DATABASE_URL: 'postgresql://user@localhost/db',
      },
      places: { providersEnv: '', serviceEnv: '', spendState: '' },
    });
    await restart(config?.keyRules ?? NO_KEY_RULES);
  });

  const limits = {
    max_budget: 100,
    budget_duration: null,
    expires: new Date(NOW + 90 * DAY).toISOString(),
    rpm_limit: 300,
    tpm_limit: null,
  };

  test('gives a key without limits a budget, an end and calls per minute, and the answer shows them', async () => {
    const { status, body } = await post('/key/generate', {});
    expect({ status, body }).toMatchObject({ status: 200, body: limits });
    const { info } = (await gateway.call(`/key/info?key=${body.key}`)).body;
    expect(info).toMatchObject(limits);
    expect((await gateway.call('/v1/models', { key: body.key })).body).toMatchObject({
      limits: { requests: 300 },
      budgets: [`key:${body.token}`],
    });
  });

  test('leaves what is asked for as it is, and an update too', async () => {
    const { body } = await post('/key/generate', { max_budget: 5, duration: '-1', rpm_limit: 1000 });
    expect(body).toMatchObject({ max_budget: 5, expires: null, rpm_limit: 1000 });
    const free = { key: body.key, max_budget: null, rpm_limit: null };
    expect(await post('/key/update', free)).toMatchObject({
      status: 200,
      body: { max_budget: null, rpm_limit: null, expires: null },
    });
  });

  test('holds for the key that comes with a user', async () => {
    const { body } = await post('/user/new', { user_id: 'newcomer', rpm_limit: 7 });
    expect(body).toMatchObject({
      user_id: 'newcomer',
      expires: limits.expires,
      max_budget: null,
      rpm_limit: 7,
    });
    expect((await gateway.call(`/key/info?key=${body.key}`)).body.info).toMatchObject(limits);
  });

  test('lets people make keys where they are limited themselves, so that all of their keys count together', async () => {
    const ann = (await post('/user/new', { user_id: 'ann' })).body.key;
    const refusal = async (body: object, path = '/key/generate'): Promise<string | undefined> => {
      const { status, body: answer } = await post(path, body, ann);
      expect(status).toBe(403);
      return /'(\w+)' itself/.exec(answer.error.message)?.[1];
    };
    expect(await refusal({})).toBe('max_budget');
    await post('/user/update', { user_id: 'ann', max_budget: 50, budget_duration: '30d' });
    expect(await refusal({})).toBe('rpm_limit');
    expect((await gateway.call('/key/list?user_id=ann&return_full_object=true')).body.keys).toHaveLength(1);
    await post('/user/update', { user_id: 'ann', rpm_limit: 600 });
    const made = await post('/key/generate', { key_alias: 'of-ann' }, ann);
    expect(made).toMatchObject({ status: 200, body: { ...limits, user_id: 'ann' } });
    expect((await gateway.call('/v1/models', { key: made.body.key })).body).toMatchObject({
      budgets: [`key:${made.body.token}`, 'user:ann'],
      ownerLimits: [{ scope: 'user', id: 'ann', limits: { requests: 600 } }],
    });
    const raised = { key: made.body.key, max_budget: null, rpm_limit: 900 };
    expect((await post('/key/update', raised, ann)).status).toBe(200);
    await post('/user/update', { user_id: 'ann', max_budget: null });
    expect(await refusal({ key: made.body.key, rpm_limit: 901 }, '/key/update')).toBe('max_budget');
    expect(await refusal({ key: made.body.key, max_budget: 1 }, '/key/regenerate')).toBe('max_budget');
    expect((await post('/key/update', { key: made.body.key, key_alias: 'renamed' }, ann)).status).toBe(200);

    await post('/team/new', {
      team_id: 'anns',
      members_with_roles: [{ role: 'admin', user_id: 'ann' }],
      rpm_limit: 600,
    });
    expect(await refusal({ team_id: 'anns' })).toBe('max_budget');
    await post('/team/update', { team_id: 'anns', max_budget: 500 });
    expect((await post('/key/generate', { team_id: 'anns' }, ann)).status).toBe(200);
    expect((await post('/key/service-account/generate', { team_id: 'anns' }, ann)).status).toBe(200);
  });
});

describe('ceilings', () => {
  beforeAll(() =>
    restart({ ...NO_KEY_RULES, ceilings: { max_budget: 50, duration: '30d', tpm_limit: 1000 } }),
  );

  test('are what a key has that asks for nothing', async () => {
    expect((await post('/key/generate', {})).body).toMatchObject({
      max_budget: 50,
      expires: new Date(NOW + 30 * DAY).toISOString(),
      tpm_limit: 1000,
    });
  });

  test('refuse more with 400 and the name, in every request that sets it', async () => {
    const { key } = (await post('/key/generate', { max_budget: 20 })).body;
    const tooMuch = { max_budget: 51 };
    const refused = { status: 400, body: { error: { param: 'max_budget', code: '400' } } };
    expect(await post('/key/generate', tooMuch)).toMatchObject(refused);
    expect(await post('/key/update', { key, ...tooMuch })).toMatchObject(refused);
    expect(await post('/key/update', { key, max_budget: null })).toMatchObject(refused);
    expect(await post('/key/regenerate', { key, ...tooMuch })).toMatchObject(refused);
    expect(await post('/user/new', { duration: '31d' })).toMatchObject({
      status: 400,
      body: { error: { param: 'duration' } },
    });
    expect((await gateway.call(`/key/info?key=${key}`)).body.info.max_budget).toBe(20);
  });
});

describe('team_member_key_duration', () => {
  beforeAll(async () => {
    await restart({ ...NO_KEY_RULES, defaults: { duration: '90d' } });
    await post('/team/new', { team_id: 'short', members: ['sue'], team_member_key_duration: '7d' });
  });
  const inDays = (days: number) => new Date(NOW + days * DAY).toISOString();
  const ofSue = { team_id: 'short', user_id: 'sue' };
  const refused = { status: 400, body: { error: { param: 'duration' } } };

  test('is in the team’s metadata, and how long a key of a member lasts that asks for nothing', async () => {
    const { metadata } = (await gateway.call('/team/info?team_id=short')).body.team_info;
    expect(metadata).toEqual({ team_member_key_duration: '7d' });
    expect((await post('/key/generate', ofSue)).body.expires).toBe(inDays(7));
    expect((await post('/key/generate', { ...ofSue, duration: '2d' })).body.expires).toBe(inDays(2));
  });

  test('is nothing to keys of programs, and to keys outside of the team', async () => {
    const program = { team_id: 'short', user_id: null };
    for (const body of [program, { user_id: 'sue' }]) {
      expect((await post('/key/generate', body)).body.expires).toBe(inDays(90));
    }
    expect((await post('/key/service-account/generate', { team_id: 'short' })).body.expires).toBe(inDays(90));
  });

  test('is the most that they may last, also later', async () => {
    const { key } = (await post('/key/generate', ofSue)).body;
    for (const duration of ['8d', '-1']) {
      expect(await post('/key/generate', { ...ofSue, duration })).toMatchObject(refused);
      expect(await post('/key/update', { key, duration })).toMatchObject(refused);
      expect(await post('/key/regenerate', { key, duration })).toMatchObject(refused);
    }
    expect((await post('/key/update', { key, duration: '3d' })).body.expires).toBe(inDays(3));
    const outside = (await post('/key/generate', { user_id: 'sue' })).body.key;
    expect(await post('/key/update', { key: outside, team_id: 'short' })).toMatchObject(refused);
    expect(await post('/key/update', { key: outside, team_id: 'short', duration: '7d' })).toMatchObject({
      status: 200,
    });
    expect((await post('/key/update', { key: outside, team_id: 'short', max_budget: 1 })).status).toBe(200);
  });

  test('goes before a default, and a ceiling goes before it', async () => {
    await post('/team/update', { team_id: 'short', team_member_key_duration: '200d' });
    expect((await post('/key/generate', ofSue)).body.expires).toBe(inDays(200));
    await restart({ ...NO_KEY_RULES, defaults: { duration: '90d' }, ceilings: { duration: '100d' } });
    expect((await post('/key/generate', ofSue)).body.expires).toBe(inDays(100));
    await post('/team/update', { team_id: 'short', team_member_key_duration: null });
    expect((await post('/key/generate', ofSue)).body.expires).toBe(inDays(90));
  });
});

describe('a service account', () => {
  beforeAll(() => restart(NO_KEY_RULES));

  test('belongs to its team and to no user, and keeps its id through a rotation', async () => {
    await post('/team/new', { team_id: 'robots' });
    const made = await post('/key/service-account/generate', {
      team_id: 'robots',
      user_id: 'ada',
      key_alias: 'nightly',
    });
    expect(made.headers['x-litellm-ignored-fields']).toBe('user_id');
    const account = {
      team_id: 'robots',
      user_id: null,
      key_alias: 'nightly',
      metadata: { service_account_id: 'nightly' },
    };
    expect(made).toMatchObject({ status: 200, body: account });
    const rotated = await post('/key/regenerate', { key: made.body.key });
    expect(rotated).toMatchObject({ status: 200, body: account });
    expect((await gateway.call('/v1/models', { key: rotated.body.key })).body).toMatchObject({
      userId: null,
      teamId: 'robots',
    });
  });

  test('without a name has an id of its own, and one that is named keeps it', async () => {
    const made = await post('/key/service-account/generate', { team_id: 'robots' });
    expect(made.body.metadata.service_account_id).toMatch(/^[0-9a-f-]{36}$/);
    const metadata = { service_account_id: 'ours', more: 1 };
    const named = await post('/key/service-account/generate', { team_id: 'robots', metadata });
    expect(named.body.metadata).toEqual(metadata);
  });

  test('needs a team that exists', async () => {
    for (const body of [{}, { team_id: 'nobody' }]) {
      expect(await post('/key/service-account/generate', body)).toMatchObject({
        status: 400,
        body: { error: { param: 'team_id' } },
      });
    }
  });
});

test('a rotation that says nothing of a grace period has the configured one; null is none', async () => {
  await restart({ ...NO_KEY_RULES, gracePeriod: '1h' });
  const { key } = (await post('/key/generate', {})).body;
  const second = (await post('/key/regenerate', { key })).body.key;
  expect((await gateway.call('/v1/models', { key })).status).toBe(200);
  await post('/key/regenerate', { key: second, grace_period: null });
  expect((await gateway.call('/v1/models', { key: second })).status).toBe(401);
  expect((await gateway.call('/v1/models', { key })).status).toBe(401);
});

test('keys that the rules leave to others are not made', async () => {
  await restart({
    ...NO_KEY_RULES,
    teamKeys: { userRoles: null, memberRoles: ['admin'], requiredParams: [] },
    personalKeys: { userRoles: ['proxy_admin'], memberRoles: null, requiredParams: [] },
  });
  const ada = (await post('/user/new', { user_id: 'ada' })).body.key;
  await post('/team/new', {
    team_id: 'red',
    members_with_roles: [{ role: 'user', user_id: 'ada' }],
    team_member_permissions: ['/key/generate'],
  });
  expect((await post('/key/generate', {}, ada)).status).toBe(403);
  expect(await post('/key/generate', { team_id: 'red' }, ada)).toMatchObject({
    status: 403,
    body: { error: { param: 'team_id' } },
  });
  await post('/team/member_update', { team_id: 'red', user_id: 'ada', role: 'admin' });
  expect((await post('/key/generate', { team_id: 'red' }, ada)).status).toBe(200);
  expect((await post('/key/generate', {})).status).toBe(200);
});

test('where every key belongs to a team, none is made without one, and none leaves its team', async () => {
  await restart({ ...NO_KEY_RULES, teamsOnly: true });
  await post('/team/new', { team_id: 'all' });
  const { key } = (await post('/key/generate', { team_id: 'all' })).body;
  const refused = { status: 400, body: { error: { param: 'team_id' } } };
  expect(await post('/key/generate', {})).toMatchObject(refused);
  expect(await post('/key/update', { key, team_id: null })).toMatchObject(refused);
  expect(await post('/user/new', {})).toMatchObject(refused);
  expect((await post('/user/new', { auto_create_key: false })).status).toBe(200);
});

describe('names that security guides use and LiteLLM drops', () => {
  beforeAll(() => restart(NO_KEY_RULES));

  test.each([
    ['/key/generate', {}],
    ['/key/service-account/generate', { team_id: 'robots' }],
    ['/user/new', {}],
    ['/team/new', {}],
    ['/customer/new', { user_id: 'somebody' }],
    ['/budget/new', {}],
  ])('are refused by %s with what does what they promise', async (path, body) => {
    const { status, body: answer } = await post(path, { ...body, rate_limit_config: { rpm: 5 } });
    expect(status).toBe(400);
    expect(JSON.stringify(answer)).toContain('rpm_limit');
  });

  test('as a list of models bound the key, and are refused where there is no such list', async () => {
    const { key } = (await post('/key/generate', { allowed_models: ['m1'] })).body;
    expect((await gateway.call('/v1/models', { key })).body.models).toEqual(['m1']);
    expect((await post('/budget/new', { allowed_models: ['m1'] })).status).toBe(400);
    expect((await post('/customer/new', { user_id: 'x', allowed_models: ['m1'] })).status).toBe(400);
  });

  test('as a duration mean what they say', async () => {
    const { body } = await post('/key/generate', { max_budget: 1, budget_duration: 'monthly' });
    expect(body.budget_duration).toBe('1mo');
    const { info } = (await gateway.call(`/key/info?key=${body.key}`)).body;
    expect(info.budget_reset_at).toBe('2026-12-01T00:00:00.000Z');
    const budget = await post('/budget/new', { max_budget: 1, budget_duration: 'daily' });
    expect(budget.body.budget_reset_at).toBe('2026-11-29T00:00:00.000Z');
  });

  test.each([
    ['PUT', '/key/update', 405, 'POST'],
    ['PUT', '/budget/update', 405, 'POST'],
    ['POST', '/team/member/add', 404, '/team/member_add'],
    ['POST', '/team/member/delete', 404, '/team/member_delete'],
    ['GET', '/user/ada', 404, '/user/info?user_id='],
  ] as const)('as a route are refused with the right one: %s %s', async (method, url, status, right) => {
    const answer = await gateway.app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${gateway.masterKey}` },
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.json().error.message).toContain(right);
  });
});

describe('defaults of budgets beside the whole', () => {
  beforeAll(() =>
    restart({
      ...NO_KEY_RULES,
      defaults: {
        soft_budget: 5,
        budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
        model_max_budget: { dear: { max_budget: 2, budget_duration: '30d' } },
      },
    }),
  );

  const scopesOf = async (key: string) => (await gateway.call('/v1/models', { key })).body.budgets;

  test('are what a new key has where its request says nothing, and are enforced', async () => {
    const { body } = await post('/key/generate', {});
    const { info } = (await gateway.call(`/key/info?key=${body.key}`)).body;
    expect(info).toMatchObject({
      budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
      model_max_budget: { dear: { max_budget: 2, budget_duration: '30d' } },
      litellm_budget_table: { soft_budget: 5, max_budget: null },
    });
    const scopes = await scopesOf(body.key);
    expect(new Set(scopes)).toEqual(
      new Set([
        `window:${JSON.stringify(['1d', `key:${body.token}`])}`,
        `model:${JSON.stringify(['dear', `key:${body.token}`])}`,
      ]),
    );
  });

  test('go behind what a request says, and behind the soft budget of a budget that it names', async () => {
    await post('/budget/new', { budget_id: 'shared', max_budget: 9, soft_budget: 8 });
    const named = { budget_id: 'shared', budget_limits: [{ budget_duration: '7d', max_budget: 3 }] };
    const { body } = await post('/key/generate', named);
    const { info } = (await gateway.call(`/key/info?key=${body.key}`)).body;
    expect(info).toMatchObject({ ...named, litellm_budget_table: { soft_budget: 8, max_budget: 9 } });
  });
});

test('tags of the configuration are those of a key that has none', async () => {
  await restart({ ...NO_KEY_RULES, defaults: { tags: ['prod'] } });
  const tagsOf = async (body: object) => (await post('/key/generate', body)).body.tags;
  expect(await tagsOf({})).toEqual(['prod']);
  expect(await tagsOf({ tags: ['own'] })).toEqual(['own']);
  const { body } = await post('/key/generate', { metadata: { tags: ['also own'] } });
  expect(body.metadata.tags).toEqual(['also own']);
});

test('the ends of keys are in no row where the operator wants that, of keys that are renewed too', async () => {
  await restart({ ...NO_KEY_RULES, showsEnds: false });
  const { body } = await post('/key/generate', {});
  expect(body.key_name).toBeNull();
  expect((await post('/key/regenerate', { key: body.key })).body.key_name).toBeNull();
});

test('an alias must look like a name where the operator wants that, and may be anything elsewhere', async () => {
  await restart(NO_KEY_RULES);
  const { status, body } = await post('/key/generate', { key_alias: 'as you like!' });
  expect(status).toBe(200);
  await restart({ ...NO_KEY_RULES, checksAliases: true });
  for (const key_alias of ['x', 'as you like', '-begins', 'ends.', 'a'.repeat(256)]) {
    expect((await post('/key/generate', { key_alias })).body.error).toMatchObject({ param: 'key_alias' });
    expect((await post('/key/update', { key: body.key, key_alias })).status).toBe(400);
  }
  const named = { key_alias: 'team-1/ada@example.org' };
  expect((await post('/key/update', { key: body.key, ...named })).body).toMatchObject(named);
});
