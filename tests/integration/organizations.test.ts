/** Organisations by LiteLLM's management API: who is in them, what they may, and which keys their budget pays for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let gateway: AdminGateway;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase());
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

type Method = 'PATCH' | 'DELETE';
const methods: Readonly<Record<string, Method>> = {
  '/organization/update': 'PATCH',
  '/organization/delete': 'DELETE',
  '/organization/member_update': 'PATCH',
  '/organization/member_delete': 'DELETE',
};

function ask(path: string, body: object, key = gateway.masterKey) {
  const method = methods[path];
  return gateway.call(path, { key, body, ...(method && { method }) });
}

async function done(path: string, body: object, key?: string) {
  const answer = await ask(path, body, key);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const told = async (path: string, key = gateway.masterKey) => (await gateway.call(path, { key })).body;
const statusOf = async (key: string) => (await gateway.call('/v1/models', { key })).status;
const newOrganization = (fields: object = {}) =>
  done('/organization/new', { organization_alias: 'Acme', ...fields });

/** An organisation with somebody who runs it; that person's key. */
async function organized(fields: object = {}) {
  const { organization_id } = await newOrganization(fields);
  const added = await done('/organization/member_add', {
    organization_id,
    member: { role: 'org_admin', user_email: `boss@${organization_id}.example` },
  });
  const { user_id } = added.updated_users[0];
  const { key } = await done('/key/generate', { user_id });
  return { organization_id, user_id, key: String(key) };
}

test('an organisation is made with a budget, changed, told, listed and deleted', async () => {
  const made = await newOrganization({ models: ['m1'], metadata: { cost: 7 } });
  const { organization_id, budget_id } = made;
  expect(made).toMatchObject({
    organization_alias: 'Acme',
    models: ['m1'],
    metadata: { cost: 7 },
    spend: 0,
    created_by: 'default_user_id',
    litellm_budget_table: { budget_id, max_budget: null, rpm_limit: null },
  });
  const changes = { organization_alias: 'Acme Inc', max_budget: 5, soft_budget: 4, rpm_limit: 10 };
  expect(await done('/organization/update', { organization_id, ...changes })).toMatchObject({
    organization_id,
    organization_alias: 'Acme Inc',
    models: ['m1'],
    budget_id,
    litellm_budget_table: { max_budget: 5, soft_budget: 4, rpm_limit: 10 },
  });
  const { team_id } = await done('/team/new', { organization_id, models: ['m1'] });
  const row = { organization_id, spend: 0, members: [], teams: [{ team_id }] };
  expect(await told(`/organization/info?organization_id=${organization_id}`)).toMatchObject(row);
  expect(await done('/organization/info', { organizations: [organization_id] })).toMatchObject([row]);
  expect(await told('/organization/list')).toMatchObject([row]);
  expect(await done('/organization/delete', { organization_ids: [organization_id] })).toMatchObject([row]);
  expect(await told('/organization/list')).toEqual([]);
  expect((await gateway.call(`/organization/info?organization_id=${organization_id}`)).status).toBe(404);
});

test('a budget may be named instead, when it is made and later', async () => {
  for (const budget_id of ['small', 'large']) await done('/budget/new', { budget_id, max_budget: 1 });
  const { organization_id } = await newOrganization({ budget_id: 'small' });
  expect(await done('/organization/update', { organization_id, budget_id: 'large' })).toMatchObject({
    budget_id: 'large',
  });
  // The rest of the request says which budget is meant.
  const both = { organization_id, budget_id: 'small', max_budget: 5 };
  expect((await ask('/organization/update', both)).status).toBe(422);
  expect((await ask('/organization/new', { organization_alias: 'x', budget_id: 'none' })).status).toBe(400);
});

test.each([
  ['an organisation without a name', '/organization/new', {}, 422],
  ['an id that is taken', '/organization/new', { organization_alias: 'x', organization_id: 'twice' }, 400],
  ['a budget below zero', '/organization/new', { organization_alias: 'x', max_budget: -1 }, 400],
  ['an update of an unknown one', '/organization/update', { organization_id: 'nowhere' }, 404],
  ['the deletion of an unknown one', '/organization/delete', { organization_ids: ['twice', 'nowhere'] }, 404],
  [
    'a role that nobody has',
    '/organization/member_add',
    { organization_id: 'twice', member: { role: 'king', user_id: 'x' } },
    422,
  ],
  ['who is no member', '/organization/member_update', { organization_id: 'twice', user_id: 'x' }, 400],
  ['who never was one', '/organization/member_delete', { organization_id: 'twice', user_id: 'x' }, 400],
])('%s is refused', async (_what, path, body, status) => {
  await ask('/organization/new', { organization_alias: 'Twice', organization_id: 'twice' });
  expect((await ask(path, body)).status).toBe(status);
});

test.each([
  ['/organization/new', 'tags', ['red']],
  ['/organization/update', 'object_permission', { models: ['m'] }],
])('%s refuses %s by name: nothing would enforce it', async (path, field, value) => {
  const { organization_id } = await newOrganization();
  const named = { organization_alias: 'x', user_id: 'x', member: { role: 'org_admin', user_id: 'x' } };
  const body = { ...named, organization_id, [field]: value };
  expect(await ask(path, body)).toMatchObject({ status: 400, body: { error: { param: field } } });
});

test('members come and go, and are what their role says at once', async () => {
  const { organization_id, key, user_id } = await organized();
  const member = { role: 'internal_user', user_email: 'Ann@example.com' };
  const added = await done('/organization/member_add', { organization_id, member }, key);
  const [ann] = added.updated_users;
  expect(added).toMatchObject({
    organization_id,
    updated_users: [{ user_email: 'Ann@example.com', user_role: 'internal_user' }],
    updated_organization_memberships: [{ user_id: ann.user_id, organization_id, user_role: 'internal_user' }],
  });
  expect((await ask('/organization/member_add', { organization_id, member }, key)).status).toBe(400);
  const { key: hers } = await done('/key/generate', { user_id: ann.user_id });
  expect((await ask('/team/new', { organization_id }, hers)).status).toBe(401);
  expect(await told('/organization/list', hers)).toMatchObject([
    { organization_id, members: [{ user_id: ann.user_id }], teams: [] },
  ]);
  const named = { organization_id, user_email: 'ann@EXAMPLE.com' };
  await done('/organization/member_update', { ...named, role: 'org_admin' }, key);
  expect((await ask('/team/new', { organization_id }, hers)).status).toBe(200);
  expect((await told(`/organization/info?organization_id=${organization_id}`, hers)).members).toHaveLength(2);
  await done('/organization/member_delete', { organization_id, user_id }, hers);
  expect(await told('/organization/list', key)).toEqual([]);
  expect((await ask('/team/new', { organization_id }, key)).status).toBe(401);
});

test('who runs an organisation names and narrows it; what it may spend is a proxy admin’s to say', async () => {
  const { organization_id, key } = await organized({ models: ['m1', 'm2'], max_budget: 5 });
  const narrower = { organization_alias: 'Ours', models: ['m1'], metadata: { floor: 3 } };
  expect(await done('/organization/update', { organization_id, ...narrower }, key)).toMatchObject(narrower);
  for (const raise of [{ models: [] }, { models: ['m2'] }, { max_budget: null }, { budget_id: 'x' }]) {
    const refused = await ask('/organization/update', { organization_id, ...raise }, key);
    expect([raise, refused.status]).toEqual([raise, 403]);
  }
});

test('who runs an organisation leaves its limits on models as they are', async () => {
  const { organization_id, key } = await organized({ model_rpm_limit: { m1: 5 } });
  const limits = { model_rpm_limit: { m1: 5 } };
  const described = await done('/organization/update', { organization_id, metadata: { floor: 4 } }, key);
  expect(described.metadata).toEqual({ floor: 4, ...limits });
  for (const [param, raise] of [
    ['model_rpm_limit', { model_rpm_limit: { m1: 50 } }],
    ['model_rpm_limit', { metadata: { model_rpm_limit: { m1: 50 } } }],
    ['model_tpm_limit', { metadata: { ...limits, model_tpm_limit: { m1: 9 } } }],
  ] as const) {
    const refused = await ask('/organization/update', { organization_id, ...raise }, key);
    expect(refused.status).toBe(403);
    expect(refused.body.detail.error).toContain(`'${param}' of this organisation`);
  }
  const { metadata } = await done('/organization/update', { organization_id, metadata: { floor: 5 } });
  expect(metadata).toEqual({ floor: 5 });
});

describe('a key of an organisation', () => {
  test('is made by who runs it, for himself or for a program, and by no other', async () => {
    const { organization_id, user_id, key } = await organized();
    expect(await done('/key/generate', { organization_id }, key)).toMatchObject({ organization_id, user_id });
    const program = { organization_id, user_id: null };
    expect(await done('/key/generate', program, key)).toMatchObject({ organization_id, user_id: null });
    const other = await newOrganization();
    const foreign = await ask('/key/generate', { organization_id: other.organization_id }, key);
    expect(foreign).toMatchObject({ status: 403, body: { error: { param: 'organization_id' } } });
    const nowhere = await ask('/key/generate', { organization_id: 'nowhere' });
    expect(nowhere).toMatchObject({ status: 400, body: { error: { param: 'organization_id' } } });
  });

  test('has a user where its maker has a budget there: nothing else comes out of that', async () => {
    const { organization_id, user_id, key } = await organized();
    const { team_id } = await done('/team/new', { organization_id });
    const program = await done('/key/generate', { organization_id, user_id: null }, key);
    const limit = (max_budget_in_organization: number | null) =>
      done('/organization/member_update', { organization_id, user_id, max_budget_in_organization });
    const asked = [
      ['/key/generate', { organization_id, user_id: null }],
      ['/key/generate', { team_id, user_id: null }],
      ['/key/service-account/generate', { team_id }],
      ['/key/regenerate', { key: program.token }],
    ] as const;
    await limit(3);
    for (const [path, body] of asked) {
      const refused = await ask(path, body, key);
      expect([path, refused]).toMatchObject([path, { status: 403, body: { error: { param: 'user_id' } } }]);
    }
    expect((await ask('/key/generate', { organization_id }, key)).status).toBe(200);
    expect((await ask('/key/generate', { organization_id, user_id: null })).status).toBe(200);
    await limit(null);
    for (const [path, body] of asked)
      expect([path, (await ask(path, body, key)).status]).toEqual([path, 200]);
  });

  test('is listed with the keys of its teams, to who runs it', async () => {
    const { organization_id, key } = await organized();
    const { team_id } = await done('/team/new', { organization_id });
    const made = [
      await done('/key/generate', { organization_id }),
      await done('/key/generate', { team_id }),
      await done('/key/generate', { team_id, organization_id }),
    ];
    const listed = await told(`/key/list?organization_id=${organization_id}`, key);
    expect(listed.keys.toSorted()).toEqual(made.map(({ token }) => token).toSorted());
  });

  test('acts for it: its models bound the key', async () => {
    const { organization_id } = await newOrganization({ models: ['m1'] });
    const { key } = await done('/key/generate', { organization_id });
    const identity = await gateway.call('/v1/models', { key });
    expect(identity.body).toMatchObject({ organizationId: organization_id, organizationModels: ['m1'] });
  });

  test('of a team belongs to the organisation of that team', async () => {
    const { organization_id } = await newOrganization();
    const other = await newOrganization();
    const { team_id } = await done('/team/new', { organization_id: other.organization_id });
    const refused = await ask('/key/generate', { team_id, organization_id });
    expect(refused).toMatchObject({ status: 400, body: { error: { param: 'organization_id' } } });
    const { key, token } = await done('/key/generate', { organization_id });
    const moved = await ask('/key/update', { key: token, team_id });
    expect(moved).toMatchObject({ status: 400, body: { error: { param: 'organization_id' } } });
    await done('/key/update', { key: token, team_id, organization_id: null });
    expect((await gateway.call('/v1/models', { key })).body.organizationId).toBe(other.organization_id);
  });

  test('is moved by a proxy admin alone', async () => {
    const { organization_id, key } = await organized();
    const made = await done('/key/generate', { organization_id }, key);
    const away = { key: made.token, organization_id: null };
    expect(await ask('/key/update', away, key)).toMatchObject({
      status: 403,
      body: { error: { param: 'organization_id' } },
    });
    expect(await done('/key/update', away)).toMatchObject({ organization_id: null });
  });

  test('goes with the member whose it was', async () => {
    const { organization_id, user_id, key } = await organized();
    const paid = await done('/key/generate', { organization_id }, key);
    await done('/organization/member_delete', { organization_id, user_id });
    expect(await statusOf(paid.key)).toBe(401);
    expect(await statusOf(key)).toBe(200);
  });
});

test('a deleted organisation takes its teams, memberships and keys with it, archived and recorded', async () => {
  const { organization_id, user_id, key } = await organized({ max_budget: 5 });
  const { team_id } = await done('/team/new', { organization_id, team_alias: 'doomed' });
  const ofTeam = await done('/key/generate', { team_id });
  const own = await done('/key/generate', { organization_id });
  for (const each of [ofTeam, own]) expect(await statusOf(each.key)).toBe(200);
  await done('/organization/delete', { organization_ids: [organization_id] });
  for (const each of [ofTeam, own]) expect(await statusOf(each.key)).toBe(401);
  // Who ran it is who he was before.
  expect((await gateway.call('/v1/models', { key })).body.adminOfOrganizations).toEqual([]);
  const archived = await gateway.db.query(
    `SELECT token AS id FROM "LiteLLM_DeletedVerificationToken" WHERE token = ANY ($1)
     UNION SELECT team_id FROM "LiteLLM_DeletedTeamTable" WHERE team_id = $2`,
    [[ofTeam.token, own.token], team_id],
  );
  expect(archived.rowCount).toBe(3);
  const recorded = await gateway.db.query(
    `SELECT table_name FROM "LiteLLM_AuditLog" WHERE action = 'deleted' AND object_id = ANY ($1) ORDER BY 1`,
    [[organization_id, user_id, team_id, ofTeam.token, own.token]],
  );
  expect(recorded.rows.map(({ table_name }) => table_name)).toEqual([
    'LiteLLM_OrganizationMembership',
    'LiteLLM_OrganizationTable',
    'LiteLLM_TeamTable',
    'LiteLLM_VerificationToken',
    'LiteLLM_VerificationToken',
  ]);
  const budgets = await gateway.db.query('SELECT scope FROM budget_state WHERE scope LIKE $1', [
    `%${organization_id}`,
  ]);
  expect(budgets.rows).toEqual([]);
});
