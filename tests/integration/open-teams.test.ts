/** `default_internal_user_params.available_teams`: teams that internal users join by themselves. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let gateway: AdminGateway;
/** An internal user who is in no team, and its key. */
let user: string;
let key: string;
let users = 0;

const post = (path: string, body: object, as?: string) =>
  gateway.call(path, { body, ...(as && { key: as }) });
const available = async (as: string) => (await gateway.call('/team/available', { key: as })).body;
const membersOf = async (teamId: string) =>
  (await gateway.call(`/team/info?team_id=${teamId}`)).body.team_info.members_with_roles;

async function newUser(user_role: string) {
  const user_id = `u${users++}`;
  const made = await post('/user/new', { user_id, user_role });
  return { user_id, key: made.body.key as string };
}

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  gateway = await startAdminGateway(await server.createDatabase(), {
    userDefaults: { available_teams: ['open', 'limited', 'forgotten'] },
  });
  await post('/team/new', { team_id: 'open', team_alias: 'Open', models: ['m1'], metadata: { cost: 7 } });
  await post('/team/new', { team_id: 'limited', team_member_budget: 2, team_member_rpm_limit: 9 });
  await post('/team/new', { team_id: 'closed' });
});
afterAll(async () => {
  await gateway.close();
  await server.stop();
});
beforeEach(async () => {
  ({ user_id: user, key } = await newUser('internal_user'));
});

const join = (team_id: string, more: object = {}, member: object = {}) =>
  post('/team/member_add', { team_id, member: { role: 'user', user_id: user, ...member }, ...more }, key);

test('a user sees those that he is not in, and no more of them than he needs to choose', async () => {
  expect(await available(key)).toEqual([
    {
      team_id: 'open',
      team_alias: 'Open',
      organization_id: null,
      models: ['m1'],
      default_team_member_models: [],
    },
    expect.objectContaining({ team_id: 'limited' }),
  ]);
  expect((await join('open')).status).toBe(200);
  expect(await available(key)).toEqual([expect.objectContaining({ team_id: 'limited' })]);
});

test('he joins one as a user, is a member for his keys at once, and the audit log tells of it', async () => {
  const joined = await join('open');
  expect(joined).toMatchObject({
    status: 200,
    body: { team_id: 'open', updated_team_memberships: [{ user_id: user, budget_id: null }] },
  });
  expect(await membersOf('open')).toContainEqual({ user_id: user, user_email: null, role: 'user' });
  expect((await gateway.call('/v1/models', { key })).body).toMatchObject({
    memberOfTeams: ['open'],
    adminOfTeams: [],
  });
  const { audit_logs } = (await gateway.call('/audit?object_id=open&action=updated')).body;
  expect(JSON.stringify(audit_logs)).toContain(user);
  expect((await join('open')).body.error.type).toBe('team_member_already_in_team');
});

test('what all members may spend holds him', async () => {
  await join('limited');
  await post('/team/update', { team_id: 'limited', team_member_permissions: ['/key/generate'] });
  const made = await post('/key/generate', { team_id: 'limited' }, key);
  expect((await gateway.call('/v1/models', { key: made.body.key })).body).toMatchObject({
    budgets: expect.arrayContaining([`team_member:["limited","${user}"]`]),
    ownerLimits: [{ scope: 'team_member', limits: { requests: 9 } }],
  });
});

test.each([
  ['with a budget of his own', { max_budget_in_team: 100 }, {}],
  ['without the limit of all members', { rpm_limit: null }, {}],
  ['with models of his own', { allowed_models: ['all-team-models'] }, {}],
  ['as an admin', {}, { role: 'admin' }],
  ['for somebody else', {}, { user_id: 'default_user_id' }],
  ['for whoever has an address', {}, { user_id: undefined, user_email: 'ada@example.com' }],
  ['with an address', {}, { user_email: 'ada@example.com' }],
])('he does not join %s', async (_how, more, member) => {
  const before = await membersOf('open');
  expect((await join('open', more, member)).status).toBe(403);
  expect(await membersOf('open')).toEqual(before);
});

test('he brings nobody along, and joins no other team', async () => {
  const both = [
    { role: 'user', user_id: user },
    { role: 'user', user_id: 'friend' },
  ];
  const member = await post('/team/member_add', { team_id: 'open', member: both }, key);
  const bulk = await post('/team/bulk_member_add', { team_id: 'open', members: both.slice(0, 1) }, key);
  expect([member.status, bulk.status, (await join('closed')).status]).toEqual([403, 401, 403]);
});

test('a team that is not there is told of, in the answer and in the log', async () => {
  const refused = await join('forgotten');
  expect(refused).toMatchObject({
    status: 404,
    body: { detail: { error: expect.stringContaining('default_internal_user_params.available_teams') } },
  });
  await available(key);
  expect(gateway.logged()).toContain('the configuration names teams that are not there');
});

test('who only looks joins none, and a key of nobody neither', async () => {
  for (const role of ['internal_user_viewer', 'proxy_admin_viewer']) {
    const viewer = await newUser(role);
    expect(await available(viewer.key)).toEqual([]);
    const member = { role: 'user', user_id: viewer.user_id };
    expect((await post('/team/member_add', { team_id: 'open', member }, viewer.key)).status).toBe(401);
  }
  const nobodys = (await post('/key/generate', {})).body.key;
  expect(await available(nobodys)).toEqual([]);
  const member = { role: 'user', user_id: 'nobody' };
  expect((await post('/team/member_add', { team_id: 'open', member }, nobodys)).status).toBe(403);
});

test('who runs one does not shed by leaving what limits him there; others remove him, and from a closed one he goes', async () => {
  const lead = { user_id: user, role: 'admin' };
  await post('/team/member_add', { team_id: 'open', member: lead, max_budget_in_team: 1 });
  await post('/team/member_add', { team_id: 'closed', member: lead });
  const leave = (team_id: string, as?: string) => post('/team/member_delete', { team_id, user_id: user }, as);
  expect(await leave('open', key)).toMatchObject({
    status: 403,
    body: { detail: { error: expect.stringContaining('removed by somebody else') } },
  });
  expect(await membersOf('open')).toContainEqual(expect.objectContaining(lead));
  expect((await leave('closed', key)).status).toBe(200);
  expect((await leave('open')).status).toBe(200);
  expect((await join('open')).status).toBe(200);
});
