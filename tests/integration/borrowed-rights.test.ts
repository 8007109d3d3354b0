/** Nobody gets by way of another account, key or budget what he may not see or do himself. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSpendLogs } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

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

const ask = (path: string, body: object, key = gateway.masterKey) =>
  gateway.call(path, { key, body, ...(path.endsWith('member_delete') && { method: methodOf(path) }) });
const methodOf = (path: string) => (path.startsWith('/organization') ? 'DELETE' : undefined) as 'DELETE';

async function done(path: string, body: object, key?: string) {
  const answer = await ask(path, body, key);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** Status and field of a refusal. */
async function refusal(path: string, body: object, key?: string) {
  const { status, body: answer } = await ask(path, body, key);
  return [status, answer.error?.param];
}

const read = async (path: string, key?: string) => (await gateway.call(path, { ...(key && { key }) })).body;
const identityOf = (key: string) => read('/v1/models', key);
const statusOf = async (key: string) => (await gateway.call('/v1/models', { key })).status;
const newUser = (body: object = {}) => done('/user/new', body);

/** An organisation with a team, and the key of who runs the organisation. */
async function organized() {
  const { user_id, key } = await newUser();
  const { organization_id } = await done('/organization/new', { organization_alias: 'Acme' });
  await done('/organization/member_add', { organization_id, member: { role: 'org_admin', user_id } });
  const { team_id } = await done('/team/new', { organization_id });
  return { organization_id, team_id, key: String(key) };
}

/** A user who is in two organisations and a team of each, with a key of each and one of his own. */
async function shared() {
  const [ours, theirs] = [await organized(), await organized()];
  const { user_id, key } = await newUser();
  const keys: { key: string; token: string }[] = [];
  for (const { organization_id, team_id } of [ours, theirs]) {
    await done('/organization/member_add', { organization_id, member: { role: 'internal_user', user_id } });
    await done('/team/member_add', { team_id, member: { role: 'user', user_id } });
    keys.push(await done('/key/generate', { user_id, team_id, key_alias: `of ${team_id}` }));
  }
  return { ours, theirs, user_id, key: String(key), keys };
}

describe('an account', () => {
  test('is never named by the address of another', async () => {
    const { organization_id, team_id } = await organized();
    await newUser({ user_id: 'addressed', user_email: 'addressed@example.com' });
    await newUser({ user_id: 'unaddressed' });
    for (const user_id of ['unaddressed', 'nobody-yet']) {
      const member = { role: 'user', user_id, user_email: 'Addressed@example.com' };
      expect((await ask('/team/member_add', { team_id, member })).status).toBe(409);
      const inside = { organization_id, member: { ...member, role: 'internal_user' } };
      expect((await ask('/organization/member_add', inside)).status).toBe(409);
    }
    const both = { role: 'user', user_id: 'addressed', user_email: 'Addressed@example.com' };
    const { members_with_roles } = await done('/team/member_add', { team_id, member: both });
    expect(members_with_roles.at(-1)).toMatchObject({ user_email: 'addressed@example.com' });
  });

  test('is not named by an address that several have', async () => {
    const { team_id } = await organized();
    for (const user_id of ['twin-1', 'twin-2']) {
      await gateway.db.query(
        `INSERT INTO "LiteLLM_UserTable" (user_id, user_email) VALUES ($1, 'Twin@example.com')`,
        [user_id],
      );
    }
    const member = { role: 'user', user_email: 'twin@example.com' };
    expect((await ask('/team/member_add', { team_id, member })).status).toBe(409);
    const update = { user_email: 'twin@example.com', user_alias: 'Twin' };
    expect(await refusal('/user/update', update)).toEqual([409, 'user_email']);
  });

  test.each([
    ['a key', (user_id: string) => done('/key/generate', { user_id })],
    [
      'a key that was deleted',
      async (user_id: string) => {
        const { key } = await done('/key/generate', { user_id });
        await done('/key/delete', { keys: [key] });
      },
    ],
    [
      'a place in a team',
      (user_id: string) =>
        gateway.db.query(
          `INSERT INTO "LiteLLM_TeamTable" (team_id, members_with_roles) VALUES ($1, jsonb_build_array(
             jsonb_build_object('user_id', $1::text, 'role', 'admin', 'user_email', NULL)))`,
          [user_id],
        ),
    ],
    ['calls', (userId: string) => insertSpendLogs(gateway.db, [spendRecord({ userId })])],
  ])('is made by a proxy admin alone for an id that has %s already', async (_what, give) => {
    const user_id = `ghost-${randomUUID()}`;
    const { organization_id, team_id, key } = await organized();
    await give(user_id);
    const inside = { organization_id, member: { role: 'internal_user', user_id } };
    const person = { user_id, organizations: [organization_id] };
    const member = { role: 'user', user_id };
    expect((await ask('/organization/member_add', inside, key)).status).toBe(403);
    expect(await refusal('/user/new', person, key)).toEqual([403, 'user_id']);
    expect((await ask('/team/member_add', { team_id, member }, key)).status).toBe(403);
    await done('/organization/member_add', inside);
    expect((await read(`/user/info?user_id=${user_id}`)).user_info.user_id).toBe(user_id);
  });

  test('is shown to who runs an organisation with what it has there, to itself and a viewer with everything', async () => {
    const { ours, theirs, user_id, key } = await shared();
    const viewer = (await newUser({ user_role: 'proxy_admin_viewer' })).key;
    const told = async (by: string) => {
      const { user_info, keys, teams } = await read(`/user/info?user_id=${user_id}`, by);
      const aliases = keys.map(({ key_alias }: { key_alias: string | null }) => key_alias).sort();
      return [aliases, teams.map(({ team_id }: { team_id: string }) => team_id).sort(), user_info.teams];
    };
    const mine = [ours.team_id];
    expect(await told(ours.key)).toEqual([[`of ${ours.team_id}`], mine, mine]);
    const both = [ours.team_id, theirs.team_id];
    const all = [[...both.map((id) => `of ${id}`), null].sort(), both.toSorted(), both];
    for (const by of [key, viewer, gateway.masterKey]) expect(await told(by)).toEqual(all);
    expect((await read(`/v2/user/info?user_id=${user_id}`, ours.key)).teams).toEqual(mine);
    const listed = async (by?: string) => (await read(`/user/list?user_ids=${user_id}`, by)).users;
    expect(await listed(ours.key)).toMatchObject([{ teams: mine, key_count: 1 }]);
    expect(await listed()).toMatchObject([{ teams: both, key_count: 3 }]);
    const filtered = `/user/list?team=${theirs.team_id}`;
    expect((await gateway.call(filtered, { key: ours.key })).status).toBe(403);
  });

  test('is shown by name alone to who adds it to a team', async () => {
    const { team_id, key } = await organized();
    const { user_id } = await newUser({ user_alias: 'Ada', max_budget: 5 });
    const added = await done('/team/member_add', { team_id, member: { role: 'user', user_id } }, key);
    expect(added.updated_users).toEqual([{ user_id, user_alias: 'Ada', user_email: null }]);
  });

  test('that leaves an organisation leaves its teams, with the keys and accounts that it has there', async () => {
    const { ours, theirs, user_id, key, keys } = await shared();
    const { organization_id, team_id } = ours;
    const late = await done('/key/generate', { organization_id, user_id });
    await done('/organization/member_delete', { organization_id, user_id }, ours.key);
    expect(await Promise.all([...keys, late].map((each) => statusOf(each.key)))).toEqual([401, 200, 401]);
    expect((await identityOf(key)).memberOfTeams).toEqual([theirs.team_id]);
    const { team_info, team_memberships } = await read(`/team/info?team_id=${team_id}`);
    expect(JSON.stringify([team_info, team_memberships])).not.toContain(user_id);
    const again = await ask('/key/generate', { team_id }, key);
    expect(again.status).toBe(403);
  });
});

describe('a budget', () => {
  test('is linked by who may look at it', async () => {
    const budget_id = `budget-${randomUUID()}`;
    await done('/budget/new', { budget_id, max_budget: 5 });
    const { team_id, key } = await organized();
    const own = await done('/key/generate', {}, key);
    const requests: [string, object][] = [
      ['/key/generate', {}],
      ['/key/service-account/generate', { team_id }],
      ['/key/update', { key: own.key }],
      ['/key/regenerate', { key: own.key }],
    ];
    for (const [path, body] of requests) {
      for (const named of [budget_id, 'no-such-budget']) {
        expect(await refusal(path, { ...body, budget_id: named }, key)).toEqual([403, 'budget_id']);
      }
    }
    await done('/key/update', { key: own.key, budget_id });
    // Of a key that is linked to it already.
    await done('/key/update', { key: own.key, budget_id, key_alias: randomUUID() }, key);
  });
});

describe('a key that is narrower than its user', () => {
  const twoKeys = async (narrow: object, wide: object = {}) => {
    const { user_id } = await newUser({ auto_create_key: false });
    const [one, other] = [
      await done('/key/generate', { user_id, ...narrow }),
      await done('/key/generate', { user_id, ...wide }),
    ];
    return { narrow: String(one.key), wide: String(other.key) };
  };

  test.each([
    ['models', { models: ['m1'] }, 'models'],
    ['routes', { allowed_routes: ['management_routes'] }, 'allowed_routes'],
    ['a budget', { max_budget: 1 }, 'key'],
    ['a rate', { rpm_limit: 1 }, 'key'],
  ])('by %s is given no wider one by renewing it, and renews itself', async (_what, limits, field) => {
    const { narrow, wide } = await twoKeys(limits);
    expect(await refusal('/key/regenerate', { key: wide }, narrow)).toEqual([403, field]);
    expect(await statusOf(wide)).toBe(200);
    const renewed = await done('/key/regenerate', { key: narrow }, narrow);
    expect(renewed).toMatchObject(limits);
  });

  test('renews one that is as narrow, or becomes it', async () => {
    const { narrow, wide } = await twoKeys({ models: ['m1'] });
    const renewed = await done('/key/regenerate', { key: wide, models: ['m1'] }, narrow);
    expect(renewed.models).toEqual(['m1']);
    expect((await done('/key/regenerate', { key: renewed.key }, narrow)).models).toEqual(['m1']);
  });

  test('makes users, and no key of theirs that is wider', async () => {
    const { organization_id, key } = await organized();
    const bound = await done('/key/generate', { allowed_routes: ['/user/new', '/key/generate'] }, key);
    const organizations = [organization_id];
    expect(await refusal('/user/new', { organizations }, bound.key)).toEqual([403, 'allowed_routes']);
    const cheap = await done('/key/generate', { max_budget: 1 });
    await gateway.db.query('UPDATE "LiteLLM_VerificationToken" SET user_id = $2 WHERE token = $1', [
      cheap.token,
      (await identityOf(key)).userId,
    ]);
    gateway.forget();
    expect(await refusal('/user/new', { organizations }, cheap.key)).toEqual([403, 'max_budget']);
    for (const each of [bound, cheap]) {
      await done('/user/new', { organizations, auto_create_key: false }, each.key);
    }
    await done('/user/new', { organizations, max_budget: 1 }, cheap.key);
  });
});
