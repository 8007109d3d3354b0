/** `litellm_settings.default_team_params`: what a new team has where its request says nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
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
