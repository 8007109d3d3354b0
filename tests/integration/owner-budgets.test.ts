/**
 * Budgets of whom keys act for: each holds on two gateway processes that share a database, is named in the refusal, shown in
 * LiteLLM's columns, changed at once, and reset.
 */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PostgresBudgets } from '../../gateway/index.ts';
import { until } from '../../packer/index.ts';
import { inUtc } from '../harness/admin-gateway.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { directPool } from '../harness/direct-pool.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

/** Cheap prompts: what a call costs is its answer of 50 tokens, all but exactly 50 micro-dollars. */
const PRICE = {
  input_cost_per_token: 1e-9,
  cache_read_input_token_cost: 1e-9,
  cache_creation_input_token_cost: 1e-9,
  output_cost_per_token: 1e-6,
};
const CALL = 52e-6;
const DAY = 86_400_000;

let postgres: PostgresServer;
let database: TestDatabase;
let provider: FakeProvider;
let db: Pool;
let gateways: readonly GatewayProcess[];

const start = (on: TestDatabase, settings: object = {}): Promise<GatewayProcess> =>
  startGateway({
    database: on,
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: { proxy_batch_write_at: 0.05, budget_enforcement: 'strict' },
      litellm_settings: settings,
      model_list: [deployment('priced', provider.url, PRICE)],
    }),
  });

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  database = await postgres.createDatabase();
  provider = await startFakeProvider();
  db = directPool(postgres.superuserUrl(database.name));
  gateways = await Promise.all([start(database), start(database)]);
});
afterAll(async () => {
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await db?.end();
  await provider?.close();
  await postgres?.stop();
});

const done = (path: string, body: object, method?: 'PATCH') =>
  manage((gateways[0] as GatewayProcess).url, path, body, method);
const newKey = async (body: object): Promise<string> => String((await done('/key/generate', body)).key);

interface Answer {
  readonly status: number;
  readonly error: { readonly message: string; readonly type: string } | undefined;
}

async function ask(gateway: GatewayProcess, key: string, more: object = {}): Promise<Answer> {
  const body = { model: 'priced', messages: MESSAGES, max_tokens: 50, ...more };
  const answer = await postChat({ url: gateway.url, key, body });
  const { error } = (await answer.json()) as { error?: Answer['error'] };
  return { status: answer.status, error };
}

/** So many calls at once, on both processes and with each of the keys. */
async function askAtOnce(count: number, { keys, more = {} }: Pick<Limited, 'keys' | 'more'>) {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, call) =>
      ask(gateways[call % 2] as GatewayProcess, keys[(call >> 1) % keys.length] as string, more),
    ),
  );
  return {
    passed: answers.filter(({ status }) => status === 200).length,
    refused: answers.filter(({ status }) => status === 429).map(({ error }) => error),
  };
}

/** Somebody with a budget for some calls, which is reset every day. */
interface Limited {
  readonly keys: readonly string[];
  /** What calls say beside. */
  readonly more?: object;
  /** Changes the budget, in USD. */
  readonly change: (usd: number) => Promise<unknown>;
  /** What the columns show: spent, and when that is reset. */
  readonly row: string;
  readonly scope: string;
  readonly refusal: RegExp;
}

const daily = (usd: number) => ({ max_budget: usd, budget_duration: '1d' });

const kinds: Record<string, (usd: number) => Promise<Limited>> = {
  async 'a team'(usd) {
    const { team_id } = await done('/team/new', { team_id: 'red', ...daily(usd) });
    return {
      keys: [await newKey({ team_id }), await newKey({ team_id })],
      change: (max_budget) => done('/team/update', { team_id, max_budget }),
      row: `SELECT spend, budget_reset_at FROM "LiteLLM_TeamTable" WHERE team_id = 'red'`,
      scope: 'team:red',
      refusal: /^Budget has been exceeded! Team=red Current cost: [\d.e-]+, Max budget: [\d.e-]+\./,
    };
  },
  async 'a user'(usd) {
    const user_id = 'ada';
    await done('/user/new', { user_id, auto_create_key: false, ...daily(usd) });
    return {
      keys: [await newKey({ user_id }), await newKey({ user_id })],
      change: (max_budget) => done('/user/update', { user_id, max_budget }),
      row: `SELECT spend, budget_reset_at FROM "LiteLLM_UserTable" WHERE user_id = 'ada'`,
      scope: 'user:ada',
      refusal: /^ExceededBudget: User=ada over budget\. Spend=[\d.e-]+, Budget=[\d.e-]+\./,
    };
  },
  async 'a member of a team'(usd) {
    const [team_id, user_id] = ['blue', 'bob'];
    const team = { team_id, team_member_budget: usd, team_member_budget_duration: '1d' };
    await done('/team/new', { ...team, members_with_roles: [{ role: 'user', user_id }] });
    return {
      keys: [await newKey({ team_id, user_id }), await newKey({ team_id, user_id })],
      change: (team_member_budget) => done('/team/update', { team_id, team_member_budget }),
      row: `SELECT m.spend, b.budget_reset_at FROM "LiteLLM_TeamMembership" m
        JOIN "LiteLLM_TeamTable" t USING (team_id)
        JOIN "LiteLLM_BudgetTable" b ON b.budget_id = t.metadata ->> 'team_member_budget_id'
        WHERE team_id = 'blue' AND user_id = 'bob'`,
      scope: 'team_member:["blue","bob"]',
      refusal: /^Budget has been exceeded! User=bob in Team=blue Current cost: /,
    };
  },
  async 'a customer'(usd) {
    const user_id = 'acme';
    await done('/customer/new', { user_id, ...daily(usd) });
    return {
      keys: [await newKey({}), await newKey({})],
      more: { user: user_id },
      change: (max_budget) => done('/customer/update', { user_id, max_budget }),
      row: `SELECT u.spend, b.budget_reset_at FROM "LiteLLM_EndUserTable" u
        JOIN "LiteLLM_BudgetTable" b USING (budget_id) WHERE user_id = 'acme'`,
      scope: 'end_user:acme',
      refusal: /^ExceededBudget: End User=acme over budget\. /,
    };
  },
  async 'a tag'(usd) {
    const name = 'project-x';
    await done('/tag/new', { name, ...daily(usd) });
    return {
      // The call names it, and the key does: both count once.
      keys: [await newKey({}), await newKey({ tags: [name] })],
      more: { tags: [name] },
      change: (max_budget) => done('/tag/update', { name, max_budget }),
      row: `SELECT t.spend, b.budget_reset_at FROM "LiteLLM_TagTable" t
        JOIN "LiteLLM_BudgetTable" b USING (budget_id) WHERE tag_name = 'project-x'`,
      scope: 'tag:project-x',
      refusal: /^Budget has been exceeded! Tag=project-x Current cost: /,
    };
  },
  async 'an organisation'(usd) {
    const organization_id = 'org';
    const { budget_id } = await done('/organization/new', {
      organization_alias: 'Org',
      organization_id,
      ...daily(usd),
    });
    const { team_id } = await done('/team/new', { organization_id });
    return {
      keys: [await newKey({ team_id }), await newKey({ organization_id })],
      change: (max_budget) => done('/budget/update', { budget_id, max_budget }),
      row: `SELECT o.spend, b.budget_reset_at FROM "LiteLLM_OrganizationTable" o
        JOIN "LiteLLM_BudgetTable" b USING (budget_id) WHERE organization_id = 'org'`,
      scope: 'organization:org',
      refusal: /^Budget has been exceeded! Organization=org Current cost: /,
    };
  },
  async 'a member of an organisation'(usd) {
    const [organization_id, user_id] = ['acme-inc', 'zoe'];
    await done('/organization/new', { organization_alias: 'Acme', organization_id, max_budget: 1 });
    const { updated_organization_memberships } = await done('/organization/member_add', {
      organization_id,
      member: { role: 'internal_user', user_id },
      max_budget_in_organization: usd,
    });
    const [{ budget_id } = { budget_id: '' }] = updated_organization_memberships as { budget_id: string }[];
    await done('/budget/update', { budget_id, budget_duration: '1d' });
    const { team_id } = await done('/team/new', { organization_id, members: [user_id] });
    return {
      keys: [await newKey({ team_id, user_id }), await newKey({ organization_id, user_id })],
      change: (max_budget_in_organization) =>
        done(
          '/organization/member_update',
          { organization_id, user_id, max_budget_in_organization },
          'PATCH',
        ),
      row: `SELECT m.spend, b.budget_reset_at FROM "LiteLLM_OrganizationMembership" m
        JOIN "LiteLLM_BudgetTable" b USING (budget_id) WHERE organization_id = 'acme-inc' AND user_id = 'zoe'`,
      scope: 'organization_member:["acme-inc","zoe"]',
      refusal: /^Budget has been exceeded! User=zoe in Organization=acme-inc Current cost: /,
    };
  },
  async 'a key that is linked to a budget'(usd) {
    const budget_id = 'of-the-key';
    await done('/budget/new', { budget_id, ...daily(usd) });
    const { key, token } = await done('/key/generate', { budget_id });
    return {
      keys: [String(key)],
      change: (max_budget) => done('/budget/update', { budget_id, max_budget }),
      row: `SELECT k.spend, b.budget_reset_at FROM "LiteLLM_VerificationToken" k
        JOIN "LiteLLM_BudgetTable" b USING (budget_id) WHERE token = '${token}'`,
      scope: `key:${token}`,
      refusal: /^Budget has been exceeded! Current cost: /,
    };
  },
};

const rowOf = async ({ row }: Limited) => (await db.query(row)).rows[0];

/** What is counted once all rows of so many calls are stored. */
const counted = (scope: string, calls: number): Promise<string> =>
  until('the rows of all calls', 10_000, async () => {
    const { rows } = await db.query('SELECT spent_pico FROM budget_state WHERE scope = $1', [scope]);
    expect(Math.floor(Number(rows[0]?.spent_pico) / 50e6)).toBe(calls);
    return rows[0].spent_pico;
  });

describe.each(Object.entries(kinds))('the budget of %s', (_whose, make) => {
  test('holds everywhere, says so, is shown, changed at once, and reset', async () => {
    const owner = await make(3 * CALL);
    const { passed, refused } = await askAtOnce(12, owner);
    expect([passed, refused.length]).toEqual([3, 9]);
    for (const error of refused) {
      expect(error).toMatchObject({ type: 'budget_exceeded', message: expect.stringMatching(owner.refusal) });
    }
    expect((await rowOf(owner)).spend).toBe(Number(await counted(owner.scope, 3)) / 1e12);

    await owner.change(5 * CALL);
    expect((await askAtOnce(6, owner)).passed).toBe(2);
    await counted(owner.scope, 5);
    await owner.change(20 * CALL);
    expect((await askAtOnce(2, owner)).passed).toBe(2);
    await owner.change(6 * CALL);
    expect((await askAtOnce(2, owner)).passed).toBe(0);
    await counted(owner.scope, 7);

    const before = (await rowOf(owner)).budget_reset_at as Date;
    const budgets = new PostgresBudgets({ db, processId: randomUUID(), nextReset: inUtc });
    await budgets.sweep(Date.now() + DAY);
    expect((await rowOf(owner)).spend).toBe(0);
    expect((await rowOf(owner)).budget_reset_at.getTime() - before.getTime()).toBe(DAY);
    expect((await askAtOnce(2, owner)).passed).toBe(2);
  });
});

test('a blocked team says so before its budget that is used up', async () => {
  const { team_id } = await done('/team/new', { max_budget: CALL / 2, blocked: true });
  const key = await newKey({ team_id });
  const { error } = await ask(gateways[0] as GatewayProcess, key);
  expect(error?.message).toMatch(/team .*blocked/i);
  await done('/team/unblock', { team_id });
  expect((await ask(gateways[0] as GatewayProcess, key)).error?.type).toBe('budget_exceeded');
});

test('the whole gateway has a budget, the master key within it, and customers have one by default', async () => {
  const own = await postgres.createDatabase();
  const gateway = await start(own, {
    max_budget: 4 * CALL,
    budget_duration: '30d',
    max_end_user_budget: CALL,
  });
  try {
    const key = String((await manage(gateway.url, '/key/generate', {})).key);
    const customers = ['one', 'one', 'two'];
    const answers = await Promise.all(customers.map((user) => ask(gateway, key, { user })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers.find(({ status }) => status === 429)?.error?.message).toMatch(
      /^ExceededBudget: End User=one over budget\. /,
    );
    const asMaster = await Promise.all([1, 2, 3].map(() => ask(gateway, MASTER_KEY)));
    expect(asMaster.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(asMaster.find(({ status }) => status === 429)?.error?.message).toMatch(
      /^Budget has been exceeded! Proxy Current cost: /,
    );
  } finally {
    await gateway.stop();
  }
});

describe('the budget that customers have by default', () => {
  const free = { budget_id: 'free-tier' };
  let pair: readonly [GatewayProcess, GatewayProcess];
  let key: string;
  const change = (path: string, body: object) => manage(pair[0].url, path, body);
  /** A call on one process after the other, and how they ended. */
  const calls = async (user: string, count: number, more: object = {}) => {
    const answers = await Promise.all(
      Array.from({ length: count }, (_, call) =>
        ask(pair[call % 2] as GatewayProcess, key, { user, ...more }),
      ),
    );
    return answers.map(({ status }) => status).sort();
  };

  beforeAll(async () => {
    const own = await postgres.createDatabase();
    const settings = { max_end_user_budget_id: free.budget_id, max_end_user_budget: 9 * CALL };
    pair = await Promise.all([start(own, settings), start(own, settings)]);
    key = String((await change('/key/generate', {})).key);
  });
  afterAll(async () => {
    await Promise.all((pair ?? []).map((gateway) => gateway.stop()));
  });

  test('is named in the log where it does not exist, and whoever would have it is refused', async () => {
    await pair[0].logged(
      'litellm_settings.max_end_user_budget_id names a budget that does not exist: calls for customers without a budget of their own are refused until it is made by /budget/new',
    );
    const { status, error } = await ask(pair[1], key, { user: 'early' });
    expect([status, error?.type]).toEqual([503, 'service_unavailable']);
    expect(error?.message).toMatch(/there is no budget 'free-tier', which .*max_end_user_budget_id names/);
    await change('/customer/new', { user_id: 'own', max_budget: CALL });
    expect(await calls('own', 3)).toEqual([200, 429, 429]);
    expect((await ask(pair[0], key)).status).toBe(200);
    await change('/budget/new', { ...free, max_budget: 2 * CALL });
    expect(await calls('early', 2)).toEqual([200, 200]);
  });

  test('is that of each customer by itself, on every process, and one of its own goes before it', async () => {
    expect(await Promise.all([calls('one', 6), calls('two', 6)])).toEqual([
      [200, 200, 429, 429, 429, 429],
      [200, 200, 429, 429, 429, 429],
    ]);
    await change('/customer/new', { user_id: 'more', max_budget: 3 * CALL });
    expect(await calls('more', 5)).toEqual([200, 200, 200, 429, 429]);
    const { error } = await ask(pair[0], key, { user: 'one' });
    expect(error?.message).toMatch(/^ExceededBudget: End User=one over budget\. /);
  });

  test('is changed at once everywhere, with the limits in it', async () => {
    await change('/budget/update', { ...free, max_budget: 4 * CALL });
    expect(await calls('one', 4)).toEqual([200, 200, 429, 429]);
    await change('/budget/update', { ...free, max_budget: 20 * CALL, max_parallel_requests: 0 });
    expect(await calls('one', 2)).toEqual([429, 429]);
    expect((await ask(pair[1], key)).status).toBe(200);
    await change('/budget/update', {
      ...free,
      max_parallel_requests: null,
      model_max_budget: { priced: { max_budget: CALL } },
    });
    expect(await calls('three', 3)).toEqual([200, 429, 429]);
    await change('/budget/update', { ...free, model_max_budget: null });
    expect(await calls('three', 2)).toEqual([200, 200]);
  });

  test('leaves to `max_end_user_budget` what it does not say', async () => {
    await change('/budget/update', { ...free, max_budget: null });
    expect(await calls('four', 11)).toEqual([...Array(9).fill(200), 429, 429]);
  });

  test('holds a customer from whom a budget of its own was taken', async () => {
    await change('/budget/update', { ...free, max_budget: 2 * CALL });
    const { budget_id } = await change('/customer/new', { user_id: 'less', max_budget: CALL });
    expect(await calls('less', 2)).toEqual([200, 429]);
    await change('/budget/delete', { id: budget_id });
    expect(await calls('less', 2)).toEqual([200, 429]);
  });
});
