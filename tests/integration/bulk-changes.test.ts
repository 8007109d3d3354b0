/** Requests that change many objects: each by itself, within what the caller may do with each. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let gateway: AdminGateway;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase());
});
afterAll(async () => {
  await gateway.close();
  await server.stop();
});

async function done(path: string, body: object) {
  const answer = await gateway.call(path, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

test('everybody joins a team, but those who are in it and the row of the whole gateway', async () => {
  await gateway.db.query(`INSERT INTO "LiteLLM_UserTable" (user_id) VALUES ('litellm-proxy-budget')`);
  for (const user_id of ['ann', 'ben']) await done('/user/new', { user_id, auto_create_key: false });
  await done('/team/new', { team_id: 'all', members_with_roles: [{ role: 'user', user_id: 'ann' }] });
  const answer = await done('/team/bulk_member_add', {
    team_id: 'all',
    all_users: true,
    max_budget_in_team: 2,
  });
  expect(answer).toMatchObject({ total_requested: 1, successful_additions: 1, failed_additions: 0 });
  expect(answer.results).toMatchObject([
    { user_id: 'ben', success: true, updated_team_membership: { litellm_budget_table: { max_budget: 2 } } },
  ]);
  const ids = answer.updated_team.members_with_roles.map((member: { user_id: string }) => member.user_id);
  expect(ids.sort()).toEqual(['ann', 'ben', 'default_user_id']);
});

test('the same is said of every user at once', async () => {
  await done('/user/new', { user_id: 'cleo', auto_create_key: false });
  const answer = await done('/user/bulk_update', { all_users: true, user_updates: { rpm_limit: 9 } });
  expect(answer.failed_updates).toBe(0);
  const cleo = (await gateway.call('/v2/user/info?user_id=cleo')).body;
  expect(cleo.user_id).toBe('cleo');
  const { rows } = await gateway.db.query(
    `SELECT count(*)::int AS missed FROM "LiteLLM_UserTable"
     WHERE rpm_limit IS DISTINCT FROM 9 AND user_id <> 'litellm-proxy-budget'`,
  );
  expect(rows[0].missed).toBe(0);
});

test('a field that nothing enforces fails its key alone', async () => {
  const [one, two] = [await done('/key/generate', {}), await done('/key/generate', {})];
  const answer = await done('/key/bulk_update', {
    keys: [
      { key: one.key, guardrails: ['presidio'] },
      { key: two.token, max_budget: 3 },
    ],
  });
  expect(answer).toMatchObject({
    failed_updates: [{ key: one.key, failed_reason: expect.stringContaining('guardrails') }],
    successful_updates: [{ key: two.token, key_info: { max_budget: 3 } }],
  });
});

test('more than five hundred at once are refused', async () => {
  const keys = Array.from({ length: 501 }, () => ({ key: 'sk-x' }));
  expect((await gateway.call('/key/bulk_update', { body: { keys } })).status).toBe(422);
});

test('a user sees the aliases of its own keys', async () => {
  const { key } = await done('/user/new', { key_alias: 'mine' });
  await done('/key/generate', { key_alias: 'theirs' });
  expect((await gateway.call('/key/aliases', { key })).body).toMatchObject({
    aliases: ['mine'],
    total_count: 1,
  });
});

test('who runs a team takes models away and adds none', async () => {
  const { key, user_id } = await done('/user/new', {});
  await done('/team/new', {
    team_id: 'lent',
    models: ['m1', 'm2'],
    members_with_roles: [{ role: 'admin', user_id }],
  });
  const ask = (verb: string, models: string[]) =>
    gateway.call(`/team/model/${verb}`, { key, body: { team_id: 'lent', models } });
  expect((await ask('add', ['m3'])).status).toBe(403);
  expect((await ask('delete', ['m2'])).body.models).toEqual(['m1']);
  expect((await ask('delete', ['m1'])).body.models).toEqual(['no-default-models']);
});

test('who runs a team adds whom it can name, not everybody, and learns of a member’s key whose it is and no more', async () => {
  for (const user_id of ['lead', 'mate'])
    await done('/user/new', { user_id, user_email: `${user_id}@example.test`, auto_create_key: false });
  await done('/team/new', {
    team_id: 'run',
    members_with_roles: [
      { role: 'admin', user_id: 'lead' },
      { role: 'user', user_id: 'mate' },
    ],
  });
  await done('/key/generate', { team_id: 'run', user_id: 'mate', key_alias: 'of-mate' });
  const { key } = await done('/key/generate', { team_id: 'run', user_id: 'lead' });

  const everybody = await gateway.call('/team/bulk_member_add', {
    key,
    body: { team_id: 'run', all_users: true },
  });
  expect([everybody.status, everybody.body.detail.error]).toEqual([
    403,
    expect.stringContaining('proxy admin'),
  ]);
  const listed = await gateway.call('/key/list?team_id=run&expand=user&key_alias=of-mate', { key });
  expect(listed.body.keys).toMatchObject([{ key_alias: 'of-mate' }]);
  expect(listed.body.keys[0].user).toEqual({
    user_id: 'mate',
    user_alias: null,
    user_email: 'mate@example.test',
  });
});
