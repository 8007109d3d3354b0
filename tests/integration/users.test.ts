import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let gateway: AdminGateway;
const now = Date.UTC(2026, 10, 21, 12);

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), { clock: () => now });
});
afterAll(async () => {
  await gateway?.close();
  await server.stop();
});

const ask = (path: string, body: object, key?: string) => gateway.call(path, { body, ...(key && { key }) });
async function done(path: string, body: object, key?: string) {
  const answer = await ask(path, body, key);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}
const newUser = (body: object = {}) => done('/user/new', body);
const identityOf = async (key: string) => (await gateway.call('/v1/models', { key })).body;

test('a new user is an internal user, with a key of its own that carries its models', async () => {
  const made = await newUser({
    user_email: 'ada@example.com',
    user_alias: 'Ada',
    models: ['m1'],
    metadata: { a: 1 },
  });
  expect(made).toMatchObject({
    key: expect.stringMatching(/^sk-/),
    user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    user_email: 'ada@example.com',
    user_alias: 'Ada',
    user_role: 'internal_user',
    teams: [],
    models: ['m1'],
    metadata: { a: 1 },
    max_budget: null,
  });
  expect(await identityOf(made.key)).toMatchObject({
    role: 'internal_user',
    userId: made.user_id,
    models: [],
    userModels: ['m1'],
  });
});

test('a user may be made without a key, in teams', async () => {
  const { team_id } = await done('/team/new', {});
  const made = await newUser({ auto_create_key: false, teams: [team_id] });
  expect(made).toMatchObject({ key: null, teams: [team_id] });
  const info = (await gateway.call(`/team/info?team_id=${team_id}`)).body;
  expect(info.team_info.members_with_roles).toContainEqual({
    user_id: made.user_id,
    user_email: null,
    role: 'user',
  });
  const unknown = await ask('/user/new', { user_id: 'nobody-yet', teams: ['nowhere'] });
  expect(unknown.status).toBe(400);
  expect((await gateway.call('/user/info?user_id=nobody-yet')).status).toBe(404);
});

test.each([
  ['an id', { user_id: 'taken' }, 'user_id'],
  ['an address, however it is written', { user_email: 'Taken@Example.com' }, 'user_email'],
])('%s that somebody has is refused with 409', async (_what, body, param) => {
  await ask('/user/new', { user_id: 'taken', user_email: 'taken@example.com' });
  expect(await ask('/user/new', body)).toMatchObject({
    status: 409,
    body: { error: { param, code: '409' } },
  });
});

test('one address at ten users at once is one user’s', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      ask('/user/new', { user_email: 'rush@example.com', auto_create_key: false }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
});

test('a change of its role and its models reaches a user’s keys at once', async () => {
  const { key, user_id } = await newUser();
  const answer = await done('/user/update', { user_id, user_role: 'internal_user_viewer', models: ['m2'] });
  expect(answer).toMatchObject({ user_id, data: { user_role: 'internal_user_viewer', models: ['m2'] } });
  expect(await identityOf(key)).toMatchObject({ role: 'internal_user_viewer', userModels: ['m2'] });
  expect((await ask('/key/generate', {}, key)).status).toBe(401);
});

test('an unknown user is made by an update', async () => {
  expect((await done('/user/update', { user_id: 'upserted', user_alias: 'U' })).data).toMatchObject({
    user_alias: 'U',
  });
});

test('a user changes its own address and nothing else, and nobody else', async () => {
  const { key, user_id } = await newUser({ user_id: 'self' });
  const changed = await done('/user/update', { user_id, user_email: 'self@example.com' }, key);
  expect(changed.data.user_email).toBe('self@example.com');
  for (const [field, value] of Object.entries({
    user_role: 'proxy_admin',
    models: [],
    spend: 0,
    metadata: {},
  })) {
    expect(await ask('/user/update', { user_id, [field]: value }, key)).toMatchObject({
      status: 403,
      body: { error: { param: field } },
    });
  }
  expect((await ask('/user/update', { user_id: 'default_user_id', user_email: 'x@y.z' }, key)).status).toBe(
    403,
  );
});

test('the built-in admin keeps its role, its row and what its password was', async () => {
  await gateway.db.query(
    `UPDATE "LiteLLM_UserTable" SET metadata = '{"ui_replaced_initial_password": "hash"}' WHERE user_id = 'default_user_id'`,
  );
  const user_id = 'default_user_id';
  expect((await ask('/user/update', { user_id, user_role: 'internal_user' })).status).toBe(400);
  expect((await ask('/user/delete', { user_ids: [user_id] })).status).toBe(400);
  const metadata = { note: 1, ui_replaced_initial_password: 'forged' };
  expect((await done('/user/update', { user_id, metadata })).data.metadata).toEqual({ note: 1 });
  const { rows } = await gateway.db.query(
    `SELECT metadata FROM "LiteLLM_UserTable" WHERE user_id = '${user_id}'`,
  );
  expect(rows[0].metadata).toEqual({ note: 1, ui_replaced_initial_password: 'hash' });
});

test('deleted users take keys and memberships with them; one unknown name stops all', async () => {
  const { key, user_id } = await newUser();
  const { team_id } = await done('/team/new', { members: [user_id] });
  const both = await ask('/user/delete', { user_ids: [user_id, 'nowhere'] });
  expect(both).toMatchObject({
    status: 404,
    body: { detail: { error: expect.stringContaining('nowhere') } },
  });
  expect((await gateway.call('/key/info', { key })).status).toBe(200);
  expect(await done('/user/delete', { user_ids: [user_id] })).toBe(1);
  expect((await gateway.call('/key/info', { key })).status).toBe(401);
  const info = (await gateway.call(`/team/info?team_id=${team_id}`)).body;
  expect(info.team_info.members_with_roles).toMatchObject([{ user_id: 'default_user_id' }]);
  expect(info.team_memberships).toMatchObject([{ user_id: 'default_user_id' }]);
});

test('a user reads itself with keys and teams, and the admin everything', async () => {
  const { key, user_id } = await newUser({ user_id: 'reader+1@example.com', key_alias: 'readers' });
  const { team_id } = await done('/team/new', { members: [user_id] });
  const own = (await gateway.call('/user/info', { key })).body;
  expect(own).toMatchObject({
    user_id,
    user_info: { user_id },
    keys: [{ key_alias: 'readers' }],
    teams: [{ team_id }],
  });
  expect(own.user_info).not.toHaveProperty('password');
  // A plus in a query is a plus: it stands in addresses.
  expect((await gateway.call(`/user/info?user_id=${user_id}`)).body.user_id).toBe(user_id);
  expect((await gateway.call('/user/info?user_id=default_user_id', { key })).status).toBe(403);
  const all = (await gateway.call('/user/info')).body;
  expect(all.user_id).toBe('default_user_id');
  expect(all.keys.length).toBeGreaterThan(3);
  expect((await gateway.call('/user/info?user_id=nowhere')).status).toBe(404);
});

test('the list of users is filtered, sorted and paged', async () => {
  for (const spend of [3, 1, 2]) {
    await newUser({
      user_id: `listed-${spend}`,
      user_email: `l${spend}@list.test`,
      spend,
      auto_create_key: spend === 3,
    });
  }
  const page = async (query: string) => (await gateway.call(`/user/list?${query}`)).body;
  const found = await page('user_email=@LIST.test&sort_by=spend&page_size=2&page=2');
  expect(found).toMatchObject({ total: 3, page: 2, page_size: 2, total_pages: 2 });
  expect(found.users).toMatchObject([{ user_id: 'listed-3', key_count: 1 }]);
  expect((await page('user_ids=listed-')).total).toBe(3);
  expect((await page('user_ids=listed-1,listed-2')).total).toBe(2);
  expect((await page('user_ids=listed_')).total).toBe(0);
  expect((await page('role=proxy_admin')).users).toMatchObject([{ user_id: 'default_user_id' }]);
  expect((await gateway.call('/user/list?sort_by=password')).status).toBe(422);
});

test.each([
  ['/user/new', 'soft_budget', 10],
  ['/user/new', 'sso_user_id', 'somebody-elsewhere'],
  ['/user/new', 'config', { m: 1 }],
  ['/user/update', 'aliases', { m: 'n' }],
  ['/user/update', 'permissions', { get_spend_routes: true }],
  ['/user/update', 'sso_user_id', 's'],
])('%s refuses %s by name: nothing would enforce it', async (path, field, value) => {
  const refused = await ask(path, { user_id: 'refusing', [field]: value });
  expect(refused).toMatchObject({ status: 400, body: { error: { param: field } } });
});

test('names of models and permissions that are sent with a user are those of its key', async () => {
  const permissions = { get_spend_routes: true };
  const made = await newUser({ aliases: { fast: 'm1' }, permissions });
  expect(made).toMatchObject({ aliases: { fast: 'm1' }, permissions });
  expect(await identityOf(made.key)).toMatchObject({
    aliases: { key: { fast: 'm1' }, team: {} },
    seesAllSums: true,
  });
});

test.each([
  ['aliases', { aliases: { fast: 'm1' } }],
  ['permissions', { permissions: { get_spend_routes: true } }],
])('%s are refused of a user who gets no key', async (param, wanted) => {
  const refused = await ask('/user/new', { user_id: 'keyless', auto_create_key: false, ...wanted });
  expect(refused).toMatchObject({ status: 400, body: { error: { param } } });
  expect((await gateway.call('/user/info?user_id=keyless')).status).toBe(404);
});

test('a permission that opens nothing is refused of the key of a new user too', async () => {
  const refused = await ask('/user/new', { permissions: { pii: true } });
  expect(refused).toMatchObject({ status: 400, body: { error: { param: 'permissions.pii' } } });
});

test('limits on models are a proxy admin’s to set, by either name', async () => {
  const { user_id, key } = await newUser({ model_rpm_limit: { m1: 5 } });
  for (const [param, raise] of [
    ['model_rpm_limit', { model_rpm_limit: { m1: 50 } }],
    ['model_tpm_limit', { model_tpm_limit: null }],
    ['metadata', { metadata: { model_rpm_limit: { m1: 50 } } }],
  ] as const) {
    const refused = await ask('/user/update', { user_id, ...raise }, key);
    expect(refused).toMatchObject({ status: 403, body: { error: { param } } });
  }
  const wrong = await ask('/user/update', { user_id, metadata: { model_rpm_limit: { m1: 'few' } } });
  expect(wrong.status).toBe(422);
  expect((await done('/user/update', { user_id, model_rpm_limit: null })).data.metadata).toEqual({});
});

test('a role that nobody knows is refused, and so is a nameless update', async () => {
  expect((await ask('/user/new', { user_role: 'root' })).status).toBe(422);
  expect((await ask('/user/update', { user_alias: 'x' })).status).toBe(422);
});

test('a proxy admin by its row may do what the master key may, a viewer sees it', async () => {
  const admin = (await newUser({ user_role: 'proxy_admin' })).key;
  const viewer = (await newUser({ user_role: 'proxy_admin_viewer' })).key;
  expect((await done('/user/new', {}, admin)).user_role).toBe('internal_user');
  expect((await ask('/user/new', {}, viewer)).status).toBe(401);
  for (const path of ['/user/list', '/team/list', '/customer/list', '/budget/list', '/key/list']) {
    expect((await gateway.call(path, { key: viewer })).status, path).toBe(200);
  }
});

test.each(['LiteLLM_OrganizationMembership', 'LiteLLM_TeamMembership'])(
  'who deletes a user waits for its row in %s before it holds budgets, as whoever stores calls does',
  async (table) => {
    const { user_id } = await newUser({ max_budget: 5 });
    const team = await done('/team/new', {});
    await done('/team/member_add', { team_id: team.team_id, member: { role: 'user', user_id } });
    const { organization_id } = await done('/organization/new', { organization_alias: 'x' });
    const member = { role: 'internal_user', user_id };
    await done('/organization/member_add', { organization_id, member });
    const storing = await gateway.db.connect();
    try {
      await storing.query('BEGIN');
      await storing.query(`SELECT FROM "${table}" WHERE user_id = $1 FOR NO KEY UPDATE`, [user_id]);
      const deleting = done('/user/delete', { user_ids: [user_id] });
      const waiting = async () => {
        const { rowCount } = await gateway.db.query(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        return rowCount;
      };
      await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
      const budgets = 'SELECT FROM budget_state WHERE strpos(scope, $1) > 0 ORDER BY scope FOR UPDATE NOWAIT';
      expect((await storing.query(budgets, [user_id])).rowCount).toBe(1);
      await storing.query('COMMIT');
      expect(await deleting).toBe(1);
    } finally {
      storing.release();
    }
  },
);
