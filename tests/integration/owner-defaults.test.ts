/** `litellm_settings.default_team_params` and its like for users: what a new one has where its request says nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let gateway: AdminGateway;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), {
    teamDefaults: {
      max_budget: 50,
      budget_duration: '30d',
      rpm_limit: 60,
      models: ['m1'],
      team_member_permissions: ['/key/info', '/key/list'],
    },
    userDefaults: {
      user_role: 'internal_user_viewer',
      max_budget: 10,
      budget_duration: '30d',
      rpm_limit: 30,
      models: ['m1'],
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await server.stop();
});

const newTeam = async (body: object) => (await gateway.call('/team/new', { body })).body;

test('a team of which nothing is said has all of them, and its budget is enforced', async () => {
  const team = await newTeam({ team_id: 'plain' });
  expect(team).toMatchObject({
    max_budget: 50,
    budget_duration: '30d',
    budget_reset_at: expect.any(String),
    rpm_limit: 60,
    tpm_limit: null,
    models: ['m1'],
    team_member_permissions: ['/key/info', '/key/list'],
  });
  const { key } = (await gateway.call('/key/generate', { body: { team_id: 'plain' } })).body;
  expect((await gateway.call('/v1/models', { key })).body.budgets).toContain('team:plain');
});

test('what a request says goes before', async () => {
  expect(await newTeam({ max_budget: 0, models: ['m2'] })).toMatchObject({
    max_budget: 0,
    rpm_limit: 60,
    models: ['m2'],
  });
});

test('an update fills nothing', async () => {
  await newTeam({ team_id: 'changed', rpm_limit: 5 });
  const body = { team_id: 'changed', rpm_limit: null };
  expect((await gateway.call('/team/update', { body })).body.data.rpm_limit).toBeNull();
});

describe('a user', () => {
  const ofUsers = { max_budget: 10, budget_duration: '30d', rpm_limit: 30, models: ['m1'] };
  const asDefault = { user_role: 'internal_user_viewer', ...ofUsers };
  const rowOf = async (userId: string) => (await gateway.call(`/user/info?user_id=${userId}`)).body.user_info;

  test('of whom nothing is said has all of it, and the budget is enforced', async () => {
    const { body } = await gateway.call('/user/new', { body: { user_id: 'plain', max_budget: null } });
    expect(body).toMatchObject(asDefault);
    expect(await rowOf('plain')).toMatchObject({ ...asDefault, budget_reset_at: expect.any(String) });
    expect((await gateway.call('/v1/models', { key: body.key })).body.budgets).toContain('user:plain');
  });

  test('has what its request says', async () => {
    const own = { max_budget: 0, models: ['m2'], user_role: 'internal_user' };
    const { body } = await gateway.call('/user/new', { body: { user_id: 'own', ...own } });
    expect(body).toMatchObject({ ...own, rpm_limit: 30, budget_duration: '30d' });
  });

  test('who administers is given nothing by default', async () => {
    const body = { user_id: 'chief', user_role: 'proxy_admin', auto_create_key: false };
    await gateway.call('/user/new', { body });
    expect(await rowOf('chief')).toMatchObject({ max_budget: null, rpm_limit: null, models: [] });
  });

  test('who is made by being added to a team, or by an update, has it too', async () => {
    await newTeam({ team_id: 'joined', members_with_roles: [{ role: 'user', user_id: 'member' }] });
    await gateway.call('/user/update', { body: { user_id: 'updated', rpm_limit: 5 } });
    expect(await rowOf('member')).toMatchObject(asDefault);
    expect(await rowOf('updated')).toMatchObject({ ...asDefault, rpm_limit: 5 });
  });

  test('who is there is given nothing by an update', async () => {
    await gateway.call('/user/new', { body: { user_id: 'free', auto_create_key: false } });
    await gateway.call('/user/update', {
      body: { user_id: 'free', max_budget: null, budget_duration: null },
    });
    await gateway.call('/user/update', { body: { user_id: 'free', user_alias: 'Free' } });
    expect(await rowOf('free')).toMatchObject({
      max_budget: null,
      budget_duration: null,
      user_alias: 'Free',
    });
  });
});
