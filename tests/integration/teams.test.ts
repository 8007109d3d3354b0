import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

let server: PostgresServer;
let database: TestDatabase;
let gateway: AdminGateway;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  database = await server.createDatabase();
  gateway = await startAdminGateway(database);
});
afterAll(async () => {
  await gateway.close();
  await server.stop();
});

const ask = (path: string, body: object, key?: string) => gateway.call(path, { body, ...(key && { key }) });
async function done(path: string, body: object, key?: string) {
  const answer = await ask(path, body, key);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}
const newKey = async (body: object): Promise<string> => (await done('/key/generate', body)).key;
const newTeam = (body: object) => done('/team/new', body);
const statusOf = async (key: string): Promise<number> => (await gateway.call('/v1/models', { key })).status;
const identityOf = async (key: string) => (await gateway.call('/v1/models', { key })).body;

test('a new team has every column of its row, and who made it as its admin', async () => {
  const team = await newTeam({ team_alias: 'red', models: ['m1'], metadata: { cost: 7 } });
  expect(team).toEqual({
    team_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    team_alias: 'red',
    organization_id: null,
    object_permission_id: null,
    admins: [],
    members: [],
    members_with_roles: [{ user_id: 'default_user_id', user_email: null, role: 'admin' }],
    metadata: { cost: 7 },
    max_budget: null,
    soft_budget: null,
    spend: 0,
    models: ['m1'],
    max_parallel_requests: null,
    tpm_limit: null,
    rpm_limit: null,
    budget_duration: null,
    budget_reset_at: null,
    blocked: false,
    created_at: expect.stringMatching(/Z$/),
    updated_at: expect.stringMatching(/Z$/),
    model_spend: {},
    model_max_budget: {},
    router_settings: null,
    team_member_permissions: [],
    access_group_ids: [],
    policies: [],
    default_team_member_models: [],
    budget_limits: null,
    model_id: null,
    allow_team_guardrail_config: false,
    litellm_model_table: null,
  });
});

test('a key of a team carries what the team allows, and a change of the team reaches it at once', async () => {
  const { team_id } = await newTeam({ models: ['m1'] });
  const key = await newKey({ team_id });
  expect(await identityOf(key)).toMatchObject({ teamId: team_id, team: { models: ['m1'], blocked: false } });
  await done('/team/update', { team_id, models: ['m2'] });
  expect((await identityOf(key)).team).toEqual({ models: ['m2'], memberModels: [], blocked: false });
  expect(await done('/team/block', { team_id })).toMatchObject({ team_id, blocked: true });
  const refused = await gateway.call('/v1/models', { key });
  expect(refused).toMatchObject({ status: 401, body: { error: { type: 'auth_error', param: 'None' } } });
  expect(refused.body.error.message).toContain('/team/unblock');
  await done('/team/unblock', { team_id });
  expect(await statusOf(key)).toBe(200);
});

test('a change of a team reaches another gateway at once', async () => {
  const second = await startAdminGateway(database);
  try {
    const { team_id } = await newTeam({});
    const key = await newKey({ team_id });
    expect((await second.call('/v1/models', { key })).status).toBe(200);
    await done('/team/block', { team_id });
    await expect.poll(async () => (await second.call('/v1/models', { key })).status).toBe(401);
  } finally {
    await second.close();
  }
});

test('a key without its team is refused: nothing says what it may do', async () => {
  const key = await newKey({ user_id: 'orphan' });
  await gateway.db.query(`UPDATE "LiteLLM_VerificationToken" SET team_id = 'gone' WHERE user_id = 'orphan'`);
  const { status, body } = await gateway.call('/v1/models', { key });
  expect([status, body.error.type]).toEqual([401, 'auth_error']);
  expect((await ask('/key/generate', { team_id: 'gone' })).body.error.param).toBe('team_id');
});

test('people join by id and by address, and whoever has no row gets one', async () => {
  const { team_id } = await newTeam({});
  const first = await done('/team/member_add', {
    team_id,
    member: [
      { role: 'admin', user_id: 'lead' },
      { role: 'user', user_email: 'Ada@example.com' },
    ],
  });
  expect(first.members_with_roles).toHaveLength(3);
  expect(first.updated_users).toMatchObject([{ teams: [team_id] }, { teams: [team_id] }]);
  expect(first.updated_team_memberships).toContainEqual({
    user_id: 'lead',
    team_id,
    spend: 0,
    total_spend: 0,
    budget_id: null,
    litellm_budget_table: null,
  });
  const again = await ask('/team/member_add', {
    team_id,
    member: { role: 'user', user_email: 'ada@EXAMPLE.com' },
  });
  expect(again).toMatchObject({ status: 400, body: { error: { type: 'team_member_already_in_team' } } });
  const info = (await gateway.call(`/team/info?team_id=${team_id}`)).body;
  expect(info.team_memberships.map(({ user_id }: { user_id: string }) => user_id)).toContain('lead');
});

test('twenty people who join at once are all members', async () => {
  const { team_id } = await newTeam({});
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      done('/team/member_add', { team_id, member: { role: 'user', user_id: `crowd-${index}` } }),
    ),
  );
  const { body } = await gateway.call(`/team/info?team_id=${team_id}`);
  expect(body.team_info.members_with_roles).toHaveLength(21);
});

test('a member becomes an admin, and is one for its keys at once', async () => {
  const { team_id } = await newTeam({ members_with_roles: [{ role: 'user', user_id: 'rising' }] });
  const key = await newKey({ user_id: 'rising' });
  expect(await identityOf(key)).toMatchObject({ memberOfTeams: [team_id], adminOfTeams: [] });
  expect(await done('/team/member_update', { team_id, user_id: 'rising', role: 'admin' })).toEqual({
    team_id,
    user_id: 'rising',
    user_email: null,
    max_budget_in_team: null,
    tpm_limit: null,
    rpm_limit: null,
    allowed_models: [],
  });
  expect((await identityOf(key)).adminOfTeams).toEqual([team_id]);
});

test('who leaves a team loses its keys there, and nothing else', async () => {
  const { team_id } = await newTeam({ members_with_roles: [{ role: 'user', user_id: 'leaver' }] });
  const [inside, outside] = [
    await newKey({ user_id: 'leaver', team_id }),
    await newKey({ user_id: 'leaver' }),
  ];
  expect([await statusOf(inside), await statusOf(outside)]).toEqual([200, 200]);
  const row = await done('/team/member_delete', { team_id, user_id: 'leaver' });
  expect(row.members_with_roles).toMatchObject([{ user_id: 'default_user_id' }]);
  expect([await statusOf(inside), await statusOf(outside)]).toEqual([401, 200]);
  expect((await identityOf(outside)).memberOfTeams).toEqual([]);
  const unknown = await ask('/team/member_delete', { team_id, user_id: 'leaver' });
  expect(unknown).toMatchObject({
    status: 400,
    body: { detail: { error: expect.stringContaining('leaver') } },
  });
});

test('deleted teams take their keys with them, and leave a copy; one unknown name stops all', async () => {
  const { team_id } = await newTeam({ team_alias: 'doomed', members: ['mourner'] });
  const key = await newKey({ team_id });
  const both = await ask('/team/delete', { team_ids: [team_id, 'nowhere'] });
  expect(both).toMatchObject({
    status: 404,
    body: { detail: { error: expect.stringContaining('nowhere') } },
  });
  expect(await statusOf(key)).toBe(200);
  expect(await done('/team/delete', { team_ids: [team_id] })).toEqual({ deleted_teams: [team_id] });
  expect(await statusOf(key)).toBe(401);
  const copies = await gateway.db.query(
    'SELECT team_alias FROM "LiteLLM_DeletedTeamTable" WHERE team_id = $1',
    [team_id],
  );
  expect(copies.rows).toEqual([{ team_alias: 'doomed' }]);
  const mourner = (await gateway.call('/user/info?user_id=mourner')).body;
  expect([mourner.user_info.teams, mourner.teams]).toEqual([[], []]);
});

test('a member sees of its team what the team shows, and the list of its own teams', async () => {
  const { team_id } = await newTeam({ members: ['looker'] });
  await newKey({ team_id, key_alias: 'shared' });
  const key = await newKey({ user_id: 'looker' });
  const seen = await gateway.call(`/team/info?team_id=${team_id}`, { key });
  expect(seen.body.keys).toMatchObject([{ key_alias: 'shared' }]);
  expect(seen.body.keys[0]).not.toHaveProperty('token');
  await done('/team/update', { team_id, team_member_permissions: ['/key/health'] });
  expect((await gateway.call(`/team/info?team_id=${team_id}`, { key })).body.keys).toEqual([]);
  const listed = await gateway.call('/team/list?user_id=looker', { key });
  expect(listed.body).toMatchObject([{ team_id, keys: [], team_memberships: expect.any(Array) }]);
  expect((await gateway.call('/team/list', { key })).status).toBe(401);
  expect((await gateway.call('/team/list?user_id=lead', { key })).status).toBe(401);
  expect((await gateway.call('/team/available', { key })).body).toEqual([]);
});

test('members make keys of a team that opens it to them', async () => {
  const { team_id } = await newTeam({ members: ['worker'] });
  const key = await newKey({ user_id: 'worker' });
  const refused = await ask('/key/generate', { team_id }, key);
  expect(refused).toMatchObject({ status: 401, body: { error: { type: 'team_member_permission_error' } } });
  await done('/team/update', { team_id, team_member_permissions: ['/key/generate', '/key/list'] });
  expect(await done('/key/generate', { team_id }, key)).toMatchObject({ user_id: 'worker', team_id });
  const listed = await gateway.call(`/key/list?team_id=${team_id}`, { key });
  expect(listed.body.total_count).toBe(1);
});

test('who runs a team makes keys for it and for nobody else, and cannot widen it', async () => {
  const { team_id } = await newTeam({
    admins: ['boss'],
    members: ['hand'],
    models: ['m1', 'm2'],
    model_rpm_limit: { m1: 5 },
  });
  const key = await newKey({ user_id: 'boss' });
  expect(await done('/key/generate', { team_id }, key)).toMatchObject({ user_id: 'boss' });
  const shared = await done('/key/generate', { team_id, user_id: null }, key);
  expect(shared).toMatchObject({ user_id: null, team_id });
  // A key acts as its user: one of the proxy admin, who made the team and is in it, would be its owner's undoing.
  expect(await ask('/key/generate', { team_id, user_id: 'default_user_id' }, key)).toMatchObject({
    status: 403,
    body: { error: { param: 'user_id' } },
  });
  const admins = await done('/key/generate', { team_id, user_id: 'default_user_id' });
  expect((await ask('/key/regenerate', { key: admins.token }, key)).status).toBe(403);
  expect((await ask('/key/regenerate', { key: shared.token }, key)).status).toBe(200);
  expect((await ask('/key/block', { key: admins.token }, key)).status).toBe(200);
  const raises = [
    { models: [] },
    { models: ['m3'] },
    { blocked: false },
    { organization_id: 'acme' },
    { rpm_limit: 100 },
    { model_rpm_limit: { m1: null } },
    { metadata: { model_rpm_limit: { m1: 100 } } },
    { team_member_rpm_limit: null },
    { team_member_key_duration: '900d' },
    { metadata: { team_member_key_duration: '900d' } },
    { model_aliases: { m1: 'm3' } },
    { model_aliases: null },
  ];
  for (const raise of raises) {
    const refused = await ask('/team/update', { team_id, ...raise }, key);
    expect(refused).toMatchObject({ status: 403, body: { detail: { error: expect.any(String) } } });
  }
  const narrowed = await done('/team/update', { team_id, models: ['m1'], team_alias: 'mine' }, key);
  expect(narrowed).toMatchObject({ team_id, data: { models: ['m1'], team_alias: 'mine' } });
  const described = await done('/team/update', { team_id, metadata: { cost: 7 } }, key);
  expect(described.data.metadata).toEqual({ cost: 7, model_rpm_limit: { m1: 5 } });
  const limit = (user_id: string) => ask('/team/member_update', { team_id, user_id, rpm_limit: 100 }, key);
  expect((await limit('boss')).status).toBe(403);
  expect((await limit('hand')).body).toMatchObject({ user_id: 'hand', rpm_limit: 100 });
});

test.each([
  ['an id that is taken', '/team/new', { team_id: 'twice' }, 400],
  ['an organisation that is not there', '/team/new', { organization_id: 'nowhere' }, 400],
  ['a member without a name', '/team/new', { members_with_roles: [{ role: 'user' }] }, 422],
  ['a role that nobody knows', '/team/new', { members_with_roles: [{ role: 'owner', user_id: 'x' }] }, 422],
  ['a permission that opens nothing', '/team/new', { team_member_permissions: ['/user/new'] }, 400],
  ['an update without a team', '/team/update', {}, 422],
  ['an update of an unknown team', '/team/update', { team_id: 'nowhere' }, 404],
  ['members in an update', '/team/update', { team_id: 'twice', members_with_roles: [] }, 400],
  ['the block of an unknown team', '/team/block', { team_id: 'nowhere' }, 404],
  [
    'a member of an unknown team',
    '/team/member_add',
    { team_id: 'nowhere', member: { role: 'user', user_id: 'x' } },
    404,
  ],
  ['a member taken out of an unknown team', '/team/member_delete', { team_id: 'nowhere', user_id: 'x' }, 400],
  [
    'an update of who is no member',
    '/team/member_update',
    { team_id: 'twice', user_id: 'x', role: 'user' },
    400,
  ],
])('%s is refused', async (_what, path, body, status) => {
  await ask('/team/new', { team_id: 'twice' });
  expect((await ask(path, body)).status).toBe(status);
});

test.each([
  ['/team/new', 'model_max_budget', { m: { max_budget: 1 } }],
  ['/team/new', 'router_settings', { a: 'b' }],
  ['/team/update', 'model_max_budget', { m: { max_budget: 1 } }],
  ['/team/member_add', 'budget_duration', '30d'],
  ['/team/member_update', 'budget_duration', '30d'],
])('%s refuses %s by name: nothing would enforce it', async (path, field, value) => {
  const { team_id } = await newTeam({ members: ['limited'] });
  const named =
    path === '/team/new' ? {} : { team_id, user_id: 'limited', member: { role: 'user', user_id: 'x' } };
  const refused = await ask(path, { ...named, [field]: value });
  expect(refused).toMatchObject({
    status: 400,
    body: { error: { type: 'bad_request_error', param: field } },
  });
});

test('what guides call allowed_models bounds the team', async () => {
  const { team_id, models } = await newTeam({ allowed_models: ['m1'] });
  expect(models).toEqual(['m1']);
  expect((await identityOf(await newKey({ team_id }))).team.models).toEqual(['m1']);
});

test('a team of an organisation is bound by its models, and run by its admins', async () => {
  await gateway.db.query(`
    WITH budget AS (
      INSERT INTO "LiteLLM_BudgetTable" (budget_id, created_by, updated_by) VALUES ('acme', 'x', 'x') RETURNING budget_id
    )
    INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, models, created_by, updated_by)
    SELECT 'acme', 'Acme', budget_id, '{m1,m2}', 'x', 'x' FROM budget`);
  await done('/user/new', { user_id: 'organizer', organizations: ['acme'], auto_create_key: false });
  await gateway.db.query(`UPDATE "LiteLLM_OrganizationMembership" SET user_role = 'org_admin'`);
  const key = await newKey({ user_id: 'organizer' });
  expect((await ask('/team/new', { organization_id: 'acme', models: ['m3'] }, key)).body.error.param).toBe(
    'models',
  );
  expect((await ask('/team/new', {}, key)).status).toBe(403);
  const { team_id } = await done('/team/new', { organization_id: 'acme', members: ['hired'] }, key);
  // What the key spends counts for the organisation too.
  expect(await identityOf(await newKey({ team_id }))).toMatchObject({
    organizationId: 'acme',
    organizationModels: ['m1', 'm2'],
  });
  expect(await done('/team/block', { team_id }, key)).toMatchObject({ blocked: true });
  expect((await gateway.call('/team/list', { key })).body).toMatchObject([{ team_id }]);
  const moved = await ask('/team/update', { team_id, organization_id: null }, key);
  expect(moved.status).toBe(403);
  const foreign = (await newTeam({})).team_id;
  expect((await ask('/team/block', { team_id: foreign }, key)).status).toBe(403);
  expect((await gateway.call('/team/list?organization_id=default_organization')).body.length).toBeGreaterThan(
    3,
  );
});

test.each([
  ['PUT', '/key/update', 405, 'use POST'],
  ['POST', '/team/member/add', 404, '/team/member_add'],
  ['POST', '/team/member/delete', 404, '/team/member_delete'],
  ['GET', '/user/ada', 404, '/user/info?user_id='],
] as const)('%s %s, which guides name, is refused with the right name', async (method, url, status, name) => {
  const answer = await gateway.app.inject({ method, url });
  expect(answer.statusCode).toBe(status);
  expect(answer.json().error.message).toContain(name);
});

test('names that a team gives to models are kept in one row, changed in place, and known to its keys', async () => {
  const { team_id, litellm_model_table: made } = await newTeam({ model_aliases: { fast: 'm1' } });
  expect(made).toEqual({ id: expect.any(Number), model_aliases: { fast: 'm1' } });
  const key = await newKey({ team_id, aliases: { quick: 'fast' } });
  expect(await identityOf(key)).toMatchObject({ aliases: { key: { quick: 'fast' }, team: { fast: 'm1' } } });
  const { data } = await done('/team/update', { team_id, model_aliases: { fast: 'm2' } });
  expect(data.litellm_model_table).toEqual({ id: made.id, model_aliases: { fast: 'm2' } });
  expect(await identityOf(key)).toMatchObject({ aliases: { team: { fast: 'm2' } } });
  await done('/team/update', { team_id, model_aliases: null });
  expect(await identityOf(key)).toMatchObject({ aliases: { team: {} } });
});
