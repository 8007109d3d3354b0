/** Limits of whom keys act for, and of customers, as clients of two gateways on one database meet them. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

let postgres: PostgresServer;
let database: TestDatabase;
let provider: FakeProvider;
let gateway: GatewayProcess;
let second: GatewayProcess;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  database = await postgres.createDatabase();
  const start = () =>
    startGateway({
      database,
      environment: { TEST_PROVIDER_KEY: provider.apiKey },
      config: stringify({ model_list: ['one', 'two'].map((name) => deployment(name, provider.url)) }),
    });
  [gateway, second] = await Promise.all([start(), start()]);
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), second?.stop()]);
  await provider?.close();
  await postgres?.stop();
});

const done = (path: string, body: object, method?: 'PATCH') => manage(gateway.url, path, body, method);
const newKey = async (body: object): Promise<string> =>
  (await done('/key/generate', body)).key as unknown as string;

const chat = (key: string, body: object = {}, url = gateway.url): Promise<Response> =>
  postChat({ url, key, body: { model: 'one', messages: MESSAGES, ...body } });

async function told(answer: Promise<Response>): Promise<{ status: number; text: string; headers: Headers }> {
  const got = await answer;
  return { status: got.status, text: await got.text(), headers: got.headers };
}
const statusOf = async (answer: Promise<Response>): Promise<number> => (await told(answer)).status;

/** Two calls that together reach a limit of two, and the third, which must be refused in the name of `whom`. */
async function reach(whom: string, calls: readonly (() => Promise<Response>)[]): Promise<void> {
  const scope = whom.split(':', 1)[0];
  for (const left of ['1', '0']) {
    const { status, headers } = await told((calls[Number(left)] as () => Promise<Response>)());
    expect(status).toBe(200);
    expect(headers.get(`x-ratelimit-${scope}-limit-requests`)).toBe('2');
    expect(headers.get(`x-ratelimit-${scope}-remaining-requests`)).toBe(left);
  }
  for (const call of calls) {
    const refused = await told(call());
    expect(refused.status).toBe(429);
    expect(refused.headers.get('rate_limit_type')).toBe('requests');
    expect(refused.text).toContain(
      `Rate limit exceeded for ${whom}. Limit type: requests. Current limit: 2, Remaining: 0.`,
    );
  }
}

describe('rpm_limit counts together', () => {
  test('all keys of a team; others go on', async () => {
    await done('/team/new', { team_id: 'red', rpm_limit: 2 });
    const keys = [await newKey({ team_id: 'red' }), await newKey({ team_id: 'red' })];
    await reach(
      'team: red',
      keys.map((key) => () => chat(key)),
    );
    expect(await statusOf(chat(await newKey({})))).toBe(200);
  });

  test('all keys of a user, in a team or not', async () => {
    await done('/user/new', { user_id: 'ada', rpm_limit: 2, auto_create_key: false });
    await done('/team/new', { team_id: 'open', members: ['ada'] });
    const keys = [await newKey({ user_id: 'ada' }), await newKey({ user_id: 'ada', team_id: 'open' })];
    await reach(
      'user: ada',
      keys.map((key) => () => chat(key)),
    );
  });

  test('all keys of a member in its team', async () => {
    await done('/team/new', { team_id: 'blue', members: ['bob', 'eve'] });
    expect(
      await done('/team/member_update', { team_id: 'blue', user_id: 'bob', rpm_limit: 2 }),
    ).toMatchObject({
      user_id: 'bob',
      rpm_limit: 2,
      tpm_limit: null,
    });
    const keyOf = (user_id: string) => newKey({ user_id, team_id: 'blue' });
    const keys = [await keyOf('bob'), await keyOf('bob')];
    await reach(
      'team_member: blue:bob',
      keys.map((key) => () => chat(key)),
    );
    expect(await statusOf(chat(await keyOf('eve')))).toBe(200);
    expect(await statusOf(chat(await newKey({ user_id: 'bob' })))).toBe(200);
  });

  test('each member for itself where the team limits all of them', async () => {
    await done('/team/new', { team_id: 'green', members: ['ann'], team_member_rpm_limit: 2 });
    await done('/team/member_add', {
      team_id: 'green',
      member: { role: 'user', user_id: 'joe' },
      rpm_limit: 3,
    });
    const keyOf = (user_id: string) => newKey({ user_id, team_id: 'green' });
    const [ann, joe] = [await keyOf('ann'), await keyOf('joe')];
    await reach('team_member: green:ann', [() => chat(ann), () => chat(ann)]);
    for (const status of [200, 200, 200, 429]) expect(await statusOf(chat(joe))).toBe(status);
    const { team_info, team_memberships } = (await (
      await fetch(`${gateway.url}/team/info?team_id=green`, { headers: { authorization: `Bearer ${ann}` } })
    ).json()) as Record<string, unknown>;
    expect(team_info).toMatchObject({ team_member_budget_table: { rpm_limit: 2 } });
    expect(team_memberships).toContainEqual(
      expect.objectContaining({
        user_id: 'joe',
        litellm_budget_table: expect.objectContaining({ rpm_limit: 3 }),
      }),
    );
  });

  test('all calls that name a customer, whatever their key', async () => {
    expect(await done('/customer/new', { user_id: 'guest', rpm_limit: 2 })).toMatchObject({
      user_id: 'guest',
      litellm_budget_table: { rpm_limit: 2, tpm_limit: null },
    });
    const keys = [await newKey({}), await newKey({})];
    await reach(
      'end_user: guest',
      keys.map((key) => () => chat(key, { user: 'guest' })),
    );
    expect(await statusOf(chat(keys[0] as string, { user: 'other' }))).toBe(200);
  });

  test('all keys of an organisation, its teams’ included', async () => {
    await done('/budget/new', { budget_id: 'acme-limits', rpm_limit: 2 });
    const client = new Client({ connectionString: postgres.superuserUrl(database.name) });
    await client.connect();
    await client.query(`
      INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, created_by, updated_by)
      VALUES ('acme', 'Acme', 'acme-limits', 'x', 'x')`);
    await client.end();
    for (const team_id of ['acme-1', 'acme-2']) await done('/team/new', { team_id, organization_id: 'acme' });
    const keys = [await newKey({ team_id: 'acme-1' }), await newKey({ team_id: 'acme-2' })];
    await reach(
      'organization: acme',
      keys.map((key) => () => chat(key)),
    );
  });

  test('all keys of a team on a model', async () => {
    const { metadata } = await done('/team/new', { team_id: 'pink', model_rpm_limit: { one: 2 } });
    expect(metadata).toEqual({ model_rpm_limit: { one: 2 } });
    const keys = [await newKey({ team_id: 'pink' }), await newKey({ team_id: 'pink' })];
    await reach(
      'model_per_team: pink:one',
      keys.map((key) => () => chat(key)),
    );
    expect(await statusOf(chat(keys[0] as string, { model: 'two' }))).toBe(200);
  });

  test('all keys of a user on a model, the one that came with it too', async () => {
    const made = await done('/user/new', { user_id: 'mia', model_rpm_limit: { one: 2 } });
    expect(made).toMatchObject({
      metadata: { model_rpm_limit: { one: 2 } },
      model_rpm_limit: { one: 2 },
      model_tpm_limit: null,
    });
    await done('/team/new', { team_id: 'hers', members: ['mia'] });
    const keys = [made.key as string, await newKey({ user_id: 'mia', team_id: 'hers' })];
    await reach(
      'model_per_user: mia:one',
      keys.map((key) => () => chat(key)),
    );
    expect(await statusOf(chat(keys[0] as string, { model: 'two' }))).toBe(200);
  });

  test('all keys of an organisation on a model, its teams’ included', async () => {
    const { metadata } = await done('/organization/new', {
      organization_id: 'globex',
      organization_alias: 'Globex',
      metadata: { floor: 3 },
      model_rpm_limit: { one: 2 },
    });
    expect(metadata).toEqual({ floor: 3, model_rpm_limit: { one: 2 } });
    await done('/team/new', { team_id: 'globex-1', organization_id: 'globex' });
    const keys = [await newKey({ organization_id: 'globex' }), await newKey({ team_id: 'globex-1' })];
    await reach(
      'model_per_organization: globex:one',
      keys.map((key) => () => chat(key)),
    );
    expect(await statusOf(chat(keys[0] as string, { model: 'two' }))).toBe(200);
  });
});

test('tokens of a team are reserved and settled, and a refused call counts on nobody', async () => {
  await done('/user/new', { user_id: 'tim', rpm_limit: 10, auto_create_key: false });
  await done('/team/new', { team_id: 'grey', members: ['tim'], tpm_limit: 1000 });
  const key = await newKey({ team_id: 'grey', user_id: 'tim' });
  const refused = await told(chat(key, { max_tokens: 5000 }));
  expect([refused.status, refused.headers.get('rate_limit_type')]).toEqual([429, 'tokens']);
  const first = await told(chat(key, { max_tokens: 300 }));
  expect(first.headers.get('x-ratelimit-user-remaining-requests')).toBe('9');
  expect(Number(first.headers.get('x-ratelimit-team-remaining-tokens'))).toBeLessThan(700);
  const { total_tokens } = JSON.parse(first.text).usage;
  const next = await told(chat(key, { max_tokens: 1 }));
  const left = Number(next.headers.get('x-ratelimit-team-remaining-tokens'));
  expect(left).toBeGreaterThan(1000 - total_tokens - 300);
  expect(left).toBeLessThan(1000 - total_tokens);
});

test('a parallel limit of a team holds for all of its keys, and is freed when a call ends', async () => {
  await done('/team/new', { team_id: 'slow', max_parallel_requests: 1 });
  const [one, other] = [await newKey({ team_id: 'slow' }), await newKey({ team_id: 'slow' })];
  const gate = new Gate();
  const before = provider.requests.length;
  provider.script({ kind: 'answer', gate });
  const running = chat(one);
  await provider.request(before + 1);
  const refused = await told(chat(other));
  expect(refused.text).toContain('Rate limit exceeded for team: slow. Limit type: max_parallel_requests.');
  gate.release();
  expect(await statusOf(running)).toBe(200);
  expect(await statusOf(chat(other))).toBe(200);
});

test('a changed limit is in force at once, and reaches the other gateway', async () => {
  await done('/team/new', { team_id: 'moved', members: ['max'], rpm_limit: 100, team_member_rpm_limit: 90 });
  await done('/customer/new', { user_id: 'client', rpm_limit: 80 });
  const key = await newKey({ team_id: 'moved', user_id: 'max' });
  const limitsAt = async (url: string) => {
    const { headers } = await told(chat(key, { user: 'client' }, url));
    return ['user', 'team', 'team_member', 'end_user'].map((scope) =>
      headers.get(`x-ratelimit-${scope}-limit-requests`),
    );
  };
  for (const { url } of [gateway, second]) expect(await limitsAt(url)).toEqual([null, '100', '90', '80']);
  await done('/user/update', { user_id: 'max', rpm_limit: 71 });
  await done('/team/update', { team_id: 'moved', rpm_limit: 101, team_member_rpm_limit: 91 });
  await done('/customer/update', { user_id: 'client', rpm_limit: 81 });
  expect(await limitsAt(gateway.url)).toEqual(['71', '101', '91', '81']);
  await expect.poll(() => limitsAt(second.url)).toEqual(['71', '101', '91', '81']);
  const { budget_id } = (await done('/customer/update', { user_id: 'client', alias: 'C' })) as {
    budget_id: string;
  };
  await done('/budget/update', { budget_id, rpm_limit: 82 });
  await done('/team/update', { team_id: 'moved', rpm_limit: null, team_member_rpm_limit: null });
  await done('/team/member_update', { team_id: 'moved', user_id: 'max', rpm_limit: 92 });
  expect(await limitsAt(gateway.url)).toEqual(['71', null, '92', '82']);
  await expect.poll(() => limitsAt(second.url)).toEqual(['71', null, '92', '82']);
});

test('a changed limit of a user or an organisation on a model reaches the other gateway, and other metadata stay', async () => {
  await done('/organization/new', {
    organization_id: 'initech',
    organization_alias: 'Initech',
    model_rpm_limit: { one: 60 },
  });
  await done('/user/new', {
    user_id: 'bill',
    metadata: { desk: 4 },
    model_rpm_limit: { one: 50 },
    auto_create_key: false,
  });
  const key = await newKey({ user_id: 'bill', organization_id: 'initech' });
  const limitsAt = async (url: string) => {
    const { headers } = await told(chat(key, {}, url));
    return ['user', 'organization'].map((scope) =>
      headers.get(`x-ratelimit-model_per_${scope}-limit-requests`),
    );
  };
  for (const { url } of [gateway, second]) expect(await limitsAt(url)).toEqual(['50', '60']);
  const { data } = await done('/user/update', { user_id: 'bill', model_rpm_limit: { one: 51 } });
  expect(data).toMatchObject({ metadata: { desk: 4, model_rpm_limit: { one: 51 } } });
  await done('/organization/update', { organization_id: 'initech', model_rpm_limit: { one: 61 } }, 'PATCH');
  expect(await limitsAt(gateway.url)).toEqual(['51', '61']);
  await expect.poll(() => limitsAt(second.url)).toEqual(['51', '61']);
  // Other metadata without the limit are metadata without a limit, as of keys and teams.
  await done('/user/update', { user_id: 'bill', metadata: { desk: 5 } });
  await done('/organization/update', { organization_id: 'initech', model_rpm_limit: null }, 'PATCH');
  expect(await limitsAt(gateway.url)).toEqual([null, null]);
  await expect.poll(() => limitsAt(second.url)).toEqual([null, null]);
});
