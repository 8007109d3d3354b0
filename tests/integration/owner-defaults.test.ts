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
      teams: [
        { team_id: 'everybody', max_budget_in_team: 2.5 },
        { team_id: 'newcomers', user_role: 'admin' },
      ],
    },
  });
  await newTeam({ team_id: 'everybody' });
  await newTeam({ team_id: 'newcomers' });
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

  describe('joins the teams of the configuration', () => {
    const newUser = (body: object, key?: string) =>
      gateway.call('/user/new', { body: { auto_create_key: false, ...body }, ...(key && { key }) });
    const teamsOf = async (userId: string) => (await rowOf(userId)).teams;

    test('with the role and the budget that stand there, and the audit log tells of it', async () => {
      expect((await newUser({ user_id: 'newcomer' })).body.teams).toEqual(['everybody', 'newcomers']);
      const everybody = (await gateway.call('/team/info?team_id=everybody')).body;
      expect(everybody.team_info.members_with_roles).toContainEqual({
        user_id: 'newcomer',
        user_email: null,
        role: 'user',
      });
      expect(everybody.team_memberships).toContainEqual(
        expect.objectContaining({
          user_id: 'newcomer',
          litellm_budget_table: expect.objectContaining({ max_budget: 2.5 }),
        }),
      );
      const newcomers = (await gateway.call('/team/info?team_id=newcomers')).body.team_info;
      expect(newcomers.members_with_roles).toContainEqual({
        user_id: 'newcomer',
        user_email: null,
        role: 'admin',
      });
      const { audit_logs } = (await gateway.call('/audit?object_id=everybody&action=updated')).body;
      expect(JSON.stringify(audit_logs)).toContain('newcomer');
    });

    test('unless the request names teams; an empty list names none', async () => {
      await newTeam({ team_id: 'chosen' });
      await newUser({ user_id: 'chooser', teams: ['chosen'] });
      await newUser({ user_id: 'silent', teams: [] });
      expect(await teamsOf('chooser')).toEqual(['chosen']);
      expect(await teamsOf('silent')).toEqual(['everybody', 'newcomers']);
    });

    test('unless it administers, or is made by being added to a team or by an update', async () => {
      await newUser({ user_id: 'viewer', user_role: 'proxy_admin_viewer' });
      await newTeam({ team_id: 'single', members_with_roles: [{ role: 'user', user_id: 'added' }] });
      await gateway.call('/user/update', { body: { user_id: 'adjusted', user_alias: 'A' } });
      expect(await teamsOf('viewer')).toEqual([]);
      expect(await teamsOf('added')).toEqual(['single']);
      expect(await teamsOf('adjusted')).toEqual([]);
    });

    test('also where whoever makes it does not run them', async () => {
      await gateway.call('/organization/new', {
        body: { organization_id: 'acme', organization_alias: 'Acme' },
      });
      await newTeam({ team_id: 'elsewhere' });
      await newUser({ user_id: 'organizer', teams: ['elsewhere'], user_role: 'internal_user' });
      const member = { user_id: 'organizer', role: 'org_admin' };
      await gateway.call('/organization/member_add', { body: { organization_id: 'acme', member } });
      const { key } = (await gateway.call('/key/generate', { body: { user_id: 'organizer' } })).body;
      const asked = { organizations: ['acme'] };
      expect((await newUser({ ...asked, user_id: 'hired', teams: ['everybody'] }, key)).status).toBe(403);
      expect((await newUser({ ...asked, user_id: 'hired' }, key)).body.teams).toEqual([
        'everybody',
        'newcomers',
      ]);
    });

    test('and is not made where one of them does not exist', async () => {
      await gateway.call('/team/delete', { body: { team_ids: ['newcomers'] } });
      const { status, body } = await newUser({ user_id: 'lost' });
      await newTeam({ team_id: 'newcomers' });
      expect(status).toBe(400);
      expect(body.error.param).toBe('teams');
      expect(body.error.message).toMatch(
        /'newcomers'.*litellm_settings\.default_internal_user_params\.teams/,
      );
      expect((await gateway.call('/user/info?user_id=lost')).status).toBe(404);
    });
  });
});
