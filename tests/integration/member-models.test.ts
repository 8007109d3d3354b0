/** Which models the members of a team may call: their own lists, and the one of all members. */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { directPool } from '../harness/direct-pool.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let postgres: PostgresServer;
let provider: FakeProvider;
let db: Pool;
/** Where teams and members are changed, and another process where calls are made. */
let gateway: GatewayProcess;
let other: GatewayProcess;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  const database = await postgres.createDatabase();
  db = directPool(postgres.superuserUrl(database.name));
  const options = {
    database,
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      litellm_settings: { store_audit_logs: true },
      model_list: [
        deployment('one', provider.url),
        deployment('two', provider.url),
        { ...deployment('new', provider.url), model_info: { access_groups: ['beta'] } },
      ],
    }),
  };
  gateway = await startGateway(options);
  other = await startGateway(options);
});
afterAll(async () => {
  await gateway?.stop();
  await other?.stop();
  await provider?.close();
  await db?.end();
  await postgres?.stop();
});

async function ask(path: string, body?: object, key = MASTER_KEY) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as object };
}
const done = (path: string, body: object) => manage(gateway.url, path, body);

/** A new team with a member, and a key that acts for both. */
async function teamOf(team: object = {}, member: object = {}) {
  const [team_id, user_id] = [randomUUID(), randomUUID()];
  await done('/team/new', { team_id, ...team });
  await done('/team/member_add', { team_id, member: { role: 'user', user_id }, ...member });
  const { key } = await done('/key/generate', { team_id, user_id });
  return { team_id, user_id, key: String(key) };
}

/** What calls of these models are answered by the other process: the status, with the type of what is refused. */
async function answered(key: string, models: readonly string[]): Promise<readonly (number | string)[]> {
  return Promise.all(
    models.map(async (model) => {
      const answer = await postChat({ url: other.url, key, body: { model, messages: MESSAGES } });
      const { error } = (await answer.json()) as { error?: { type: string; param: string } };
      return error === undefined ? answer.status : `${answer.status} ${error.type} ${error.param}`;
    }),
  );
}
const REFUSED = '403 team_model_access_denied model';
/** What the other process answers soon: it hears of each change. */
const soon = (key: string, models: readonly string[]) => expect.poll(() => answered(key, models));

test('a member calls what his own list holds, and no other model of the team', async () => {
  const { key } = await teamOf({}, { allowed_models: ['one'] });
  await soon(key, ['one', 'two']).toEqual([200, REFUSED]);
});

test('who has no list of his own is bound to that of all members, old and new ones, at once', async () => {
  const { team_id, key } = await teamOf();
  const service = String((await done('/key/service-account/generate', { team_id })).key);
  const stranger = String((await done('/key/generate', { team_id, user_id: randomUUID() })).key);
  expect(await answered(key, ['one', 'two'])).toEqual([200, 200]);
  const default_team_member_models = ['two'];
  expect(await done('/team/update', { team_id, default_team_member_models })).toMatchObject({
    data: { default_team_member_models },
  });
  await soon(key, ['one', 'two']).toEqual([REFUSED, 200]);
  // A key of nobody is the team's own; one of somebody who is not in the team does no more than a member's.
  await soon(service, ['one', 'two']).toEqual([200, 200]);
  await soon(stranger, ['one', 'two']).toEqual([REFUSED, 200]);
  await done('/team/update', { team_id, default_team_member_models: [] });
  await soon(key, ['one', 'two']).toEqual([200, 200]);
});

test('his own list goes before that of all members, until an empty one gives that back', async () => {
  const { team_id, user_id, key } = await teamOf({ default_team_member_models: ['two'] });
  const give = (allowed_models: readonly string[] | null) =>
    done('/team/member_update', { team_id, user_id, allowed_models });
  await soon(key, ['one', 'two']).toEqual([REFUSED, 200]);
  expect(await give(['one'])).toMatchObject({ team_id, user_id, allowed_models: ['one'] });
  await soon(key, ['one', 'two']).toEqual([200, REFUSED]);
  await give(['all-team-models']);
  await soon(key, ['one', 'two']).toEqual([200, 200]);
  expect(await give([])).toMatchObject({ allowed_models: [] });
  await soon(key, ['one', 'two']).toEqual([REFUSED, 200]);
  await give(['no-default-models']);
  await soon(key, ['one', 'two']).toEqual([REFUSED, REFUSED]);
  expect(await give(null)).toMatchObject({ allowed_models: [] });
  await soon(key, ['one', 'two']).toEqual([REFUSED, 200]);
});

test('no list of members gives more than team and key have', async () => {
  const { team_id, user_id, key } = await teamOf({ models: ['one', 'two'] }, { allowed_models: ['two'] });
  const narrow = String((await done('/key/generate', { team_id, user_id, models: ['one'] })).key);
  await soon(narrow, ['one', 'two']).toEqual([REFUSED, '403 key_model_access_denied model']);
  await done('/team/update', { team_id, models: ['one'] });
  await soon(key, ['one', 'two']).toEqual([REFUSED, REFUSED]);
});

test('the lists of models show a member what he may call', async () => {
  const { key } = await teamOf({ default_team_member_models: ['beta'] });
  for (const path of ['/v1/models', '/v1/model/info']) {
    const { body } = await ask(path, undefined, key);
    const { data } = body as { data: readonly { id?: string; model_name?: string }[] };
    expect(data.map(({ id, model_name }) => model_name ?? id)).toEqual(['new']);
  }
});

test('the team shows both lists, and the audit log who has changed them', async () => {
  const { team_id, user_id } = await teamOf({ default_team_member_models: ['one', 'two'] });
  await done('/team/member_update', { team_id, user_id, allowed_models: ['two'] });
  expect((await ask(`/team/info?team_id=${team_id}`)).body).toMatchObject({
    team_info: { default_team_member_models: ['one', 'two'] },
    team_memberships: expect.arrayContaining([
      expect.objectContaining({
        user_id,
        litellm_budget_table: expect.objectContaining({ allowed_models: ['two'] }),
      }),
    ]),
  });
  const { body } = await ask('/audit?table_name=LiteLLM_BudgetTable&action=created');
  expect(JSON.stringify(body)).toContain('allowed_models');
});

test('what a member may spend stays, and he goes without a budget of his own where he has nothing else', async () => {
  const { team_id, user_id } = await teamOf({ team_member_budget: 3, team_member_rpm_limit: 9 });
  const give = (limits: object) => done('/team/member_update', { team_id, user_id, ...limits });
  const budgetOf = async () => {
    const { body } = await ask(`/team/info?team_id=${team_id}`);
    const { team_memberships: all } = body as { team_memberships: { user_id: string; budget_id: string }[] };
    return all.find((membership) => membership.user_id === user_id)?.budget_id;
  };
  await give({ allowed_models: [] });
  expect(await budgetOf()).toBeNull();
  const held = { max_budget_in_team: 3, rpm_limit: 9 };
  expect(await give({ allowed_models: ['one'] })).toMatchObject({ ...held, allowed_models: ['one'] });
  expect(await budgetOf()).not.toBeNull();
  expect(await give({ max_budget_in_team: null })).toMatchObject({ ...held, allowed_models: ['one'] });
  expect(await give({ allowed_models: [] })).toMatchObject({ ...held, allowed_models: [] });
  expect(await budgetOf()).toBeNull();
});

test('an empty list gives back the models of all members, also where their budget was brought from LiteLLM', async () => {
  const { team_id, user_id, key } = await teamOf({ team_member_budget: 3 }, { allowed_models: ['two'] });
  await db.query(
    `UPDATE "LiteLLM_BudgetTable" SET allowed_models = '{one}' WHERE budget_id =
      (SELECT metadata ->> 'team_member_budget_id' FROM "LiteLLM_TeamTable" WHERE team_id = $1)`,
    [team_id],
  );
  await done('/team/member_update', { team_id, user_id, rpm_limit: 50 });
  expect(await done('/team/member_update', { team_id, user_id, allowed_models: [] })).toMatchObject({
    allowed_models: ['one'],
  });
  await soon(key, ['one', 'two']).toEqual([200, REFUSED]);
});

test('people who are added at once are bound alike, each by a list of his own', async () => {
  const { team_id } = await teamOf();
  const people = [randomUUID(), randomUUID()];
  const member = people.map((user_id) => ({ role: 'user', user_id }));
  await done('/team/member_add', { team_id, member, allowed_models: ['one'] });
  const members = [{ role: 'user', user_id: randomUUID() }];
  expect(await done('/team/bulk_member_add', { team_id, members, allowed_models: ['two'] })).toMatchObject({
    results: [{ updated_team_membership: { litellm_budget_table: { allowed_models: ['two'] } } }],
  });
  await done('/team/member_update', { team_id, user_id: people[0], allowed_models: ['two'] });
  const { key } = await done('/key/generate', { team_id, user_id: people[1] });
  await soon(String(key), ['one', 'two']).toEqual([200, REFUSED]);
});

test.each([
  ['/team/new', 'default_team_member_models'],
  ['/team/update', 'default_team_member_models'],
  ['/team/member_add', 'allowed_models'],
  ['/team/member_update', 'allowed_models'],
])('%s takes for %s what the team may use, and nothing else', async (path, field) => {
  const models = ['one', 'beta', 'open/*'];
  const { team_id, user_id } = await teamOf({ models });
  const give = (list: readonly string[]) => {
    const named = path === '/team/new' ? { models } : { team_id };
    const who =
      path === '/team/member_add' ? { member: { role: 'user', user_id: randomUUID() } } : { user_id };
    return ask(path, { ...named, ...who, [field]: list });
  };
  for (const foreign of ['two', '*', 'all-proxy-models', 'alpha', 'closed/*']) {
    const { status, body } = await give(['one', foreign]);
    expect([foreign, status]).toEqual([foreign, 400]);
    expect(JSON.stringify(body)).toContain(`'${foreign}' in '${field}'`);
  }
  const own = ['one', 'new', 'beta', 'open/x', 'open/*', 'all-team-models', 'no-default-models'];
  expect((await give(own)).status).toBe(200);
});

test('a team without a list of its own is bound by its organisation’s, and so are the lists of its members', async () => {
  const organization_id = randomUUID();
  await done('/organization/new', { organization_id, organization_alias: 'Acme', models: ['one'] });
  const { team_id, user_id } = await teamOf({ organization_id });
  const give = (name: string) => ask('/team/member_update', { team_id, user_id, allowed_models: [name] });
  expect([(await give('two')).status, (await give('one')).status]).toEqual([400, 200]);
});

test('who runs a team binds others, not himself, and lifts nothing from all', async () => {
  const { team_id, user_id } = await teamOf({ default_team_member_models: ['one', 'two'] });
  const lead = randomUUID();
  await done('/team/member_add', { team_id, member: { role: 'admin', user_id: lead } });
  const key = String((await done('/key/generate', { user_id: lead })).key);
  const give = (whose: string, list: readonly string[]) =>
    ask('/team/member_update', { team_id, user_id: whose, allowed_models: list }, key);
  expect((await give(user_id, ['one'])).status).toBe(200);
  expect((await give(lead, ['all-team-models'])).status).toBe(403);
  const all = (default_team_member_models: readonly string[]) =>
    ask('/team/update', { team_id, default_team_member_models }, key);
  for (const wider of [[], ['all-team-models'], ['one', 'new']]) {
    const { status, body } = await all(wider);
    expect([status, JSON.stringify(body)]).toEqual([
      403,
      expect.stringContaining('default_team_member_models'),
    ]);
  }
  expect((await all(['one'])).status).toBe(200);
});

test('whoever is bound in a team is given no key of it that is not', async () => {
  const { team_id } = await teamOf({ default_team_member_models: ['one'] });
  const lead = randomUUID();
  await done('/team/member_add', { team_id, member: { role: 'admin', user_id: lead } });
  const service = String((await done('/key/service-account/generate', { team_id })).key);
  const key = String((await done('/key/generate', { user_id: lead })).key);
  const tries = [
    ['/key/generate', { team_id, user_id: null }],
    ['/key/service-account/generate', { team_id }],
    ['/key/regenerate', { key: service }],
  ] as const;
  for (const [path, body] of tries) {
    expect(await ask(path, body, key)).toMatchObject({ status: 403, body: { error: { param: 'user_id' } } });
  }
  expect((await ask('/key/generate', { team_id }, key)).status).toBe(200);
  await done('/team/member_update', { team_id, user_id: lead, allowed_models: ['all-team-models'] });
  for (const [path, body] of tries) expect((await ask(path, body, key)).status).toBe(200);
});
