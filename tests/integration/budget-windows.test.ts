/**
 * Budgets beside the whole: of windows of time, and of single models; and more of a budget for a while. Each holds on two gateway
 * processes that share a database, is named in the refusal, shown, changed at once, and reset.
 */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { insertSpendLogs, Ledger, PostgresBudgets, picoFromUsd } from '../../gateway/index.ts';
import { until } from '../../packer/index.ts';
import { type AdminGateway, inUtc, startAdminGateway } from '../harness/admin-gateway.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { directPool } from '../harness/direct-pool.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { ManualTimers } from '../harness/manual-timers.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

const DAY = 86_400_000;
/** Cheap prompts: what a call costs is its answer of 50 tokens, all but exactly 50 micro-dollars. */
const PRICE = {
  input_cost_per_token: 1e-9,
  cache_read_input_token_cost: 1e-9,
  cache_creation_input_token_cost: 1e-9,
  output_cost_per_token: 1e-6,
};
const CALL = 52e-6;

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
});
afterAll(() => postgres?.stop());

describe('two gateways', () => {
  let provider: FakeProvider;
  let db: Pool;
  let gateways: readonly GatewayProcess[];

  const start = (on: TestDatabase): Promise<GatewayProcess> =>
    startGateway({
      database: on,
      environment: { TEST_PROVIDER_KEY: provider.apiKey },
      config: stringify({
        general_settings: { proxy_batch_write_at: 0.05, budget_enforcement: 'strict' },
        router_settings: { model_group_alias: { 'same-as-dear': 'dear' } },
        model_list: ['dear', 'plain'].map((name) => deployment(name, provider.url, PRICE)),
      }),
    });

  beforeAll(async () => {
    const database = await postgres.createDatabase();
    provider = await startFakeProvider();
    db = directPool(postgres.superuserUrl(database.name));
    gateways = await Promise.all([start(database), start(database)]);
  });
  afterAll(async () => {
    await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
    await db?.end();
    await provider?.close();
  });

  const done = (path: string, body: object) => manage((gateways[0] as GatewayProcess).url, path, body);
  const newKey = async (body: object): Promise<string> => String((await done('/key/generate', body)).key);

  /** So many calls at once, on both processes: how many pass, and what the others are told. */
  async function askAtOnce(count: number, key: string, more: object = {}) {
    const answers = await Promise.all(
      Array.from({ length: count }, async (_, call) => {
        const body = { model: 'dear', messages: MESSAGES, max_tokens: 50, ...more };
        const answer = await postChat({ url: (gateways[call % 2] as GatewayProcess).url, key, body });
        return (await answer.json()) as { error?: { message: string; type: string } };
      }),
    );
    const refused = answers.flatMap(({ error }) => error ?? []);
    expect(refused.every(({ type }) => type === 'budget_exceeded')).toBe(true);
    return { passed: count - refused.length, messages: refused.map(({ message }) => message) };
  }

  const windows = (...limits: (readonly [duration: string, usd: number])[]) => ({
    budget_limits: limits.map(([budget_duration, max_budget]) => ({ budget_duration, max_budget })),
  });

  /** What is counted once all rows of so many calls are stored. */
  const counted = (scope: string, calls: number) =>
    until('the rows of all calls', 10_000, async () => {
      const { rows } = await db.query('SELECT spent_pico FROM budget_state WHERE scope = $1', [scope]);
      expect(Math.floor(Number(rows[0]?.spent_pico) / 50e6)).toBe(calls);
    });

  /** Somebody with a window of a day within a longer one. */
  const kinds: Record<string, (day: number, longer: number) => Promise<Windowed>> = {
    async 'a key'(day, longer) {
      const { key, token } = await done('/key/generate', windows(['1d', day], ['60d', longer]));
      return {
        key: String(key),
        whole: `key:${token}`,
        name: 'Key',
        change: (usd) => done('/key/update', { key, ...windows(['1d', usd], ['60d', longer]) }),
      };
    },
    async 'a team'(day, longer) {
      const { team_id } = await done('/team/new', windows(['1d', day], ['60d', longer]));
      return {
        key: await newKey({ team_id }),
        whole: `team:${team_id}`,
        name: `Team=${team_id}`,
        change: (usd) => done('/team/update', { team_id, ...windows(['1d', usd], ['60d', longer]) }),
      };
    },
  };

  interface Windowed {
    readonly key: string;
    readonly whole: string;
    readonly name: string;
    /** Changes the shorter window, in USD. */
    readonly change: (usd: number) => Promise<unknown>;
  }

  describe.each(Object.entries(kinds))('the windows of %s', (_whose, make) => {
    test('hold all at once and everywhere, say so, are changed at once, and reset each for itself', async () => {
      const { key, whole, name, change } = await make(3 * CALL, 8 * CALL);
      const day = `window:${JSON.stringify(['1d', whole])}`;
      const first = await askAtOnce(12, key);
      expect(first.passed).toBe(3);
      for (const message of first.messages) {
        expect(message).toMatch(/^ExceededBudget: .* over its 1d budget\. Spend=[\d.e-]+, Budget=[\d.e-]+\./);
        expect(message).toContain(name);
      }
      await change(5 * CALL);
      expect((await askAtOnce(6, key)).passed).toBe(2);
      await counted(day, 5);
      await change(4 * CALL);
      expect((await askAtOnce(2, key)).passed).toBe(0);

      const { rows } = await db.query('SELECT resets_at FROM budget_state WHERE scope = $1', [day]);
      const budgets = new PostgresBudgets({ db, processId: randomUUID(), nextReset: inUtc });
      await budgets.sweep(rows[0].resets_at.getTime());
      await counted(day, 0);
      const last = await askAtOnce(8, key);
      // The longer one goes on, and has room for three more.
      expect(last.passed).toBe(3);
      expect(last.messages[0]).toContain('over its 60d budget');
    });
  });

  test('windows that are taken away hold nobody, and have lost nothing when they are back', async () => {
    const { key: made, token } = await done('/key/generate', windows(['1d', 2 * CALL]));
    const key = String(made);
    expect((await askAtOnce(4, key)).passed).toBe(2);
    await done('/key/update', { key, budget_limits: null });
    expect((await askAtOnce(2, key)).passed).toBe(2);
    await counted(`window:${JSON.stringify(['1d', `key:${token}`])}`, 4);
    await done('/key/update', { key, ...windows(['1d', 4 * CALL]) });
    expect((await askAtOnce(2, key)).passed).toBe(0);
  });

  test('of several that have no room the team’s window is named before the key’s, and a blocked team before both', async () => {
    const { team_id } = await done('/team/new', windows(['1d', CALL / 2]));
    const key = await newKey({ team_id, ...windows(['1d', CALL / 2]) });
    expect((await askAtOnce(1, key)).messages[0]).toMatch(/^ExceededBudget: Team=/);
    await done('/team/update', { team_id, budget_limits: [] });
    expect((await askAtOnce(1, key)).messages[0]).toMatch(/^ExceededBudget: Key over its 1d budget/);
    await done('/team/block', { team_id });
    const answer = await postChat({
      url: (gateways[0] as GatewayProcess).url,
      key,
      body: { model: 'dear', messages: MESSAGES },
    });
    expect(await answer.text()).toMatch(/team .*blocked/i);
  });

  /** Somebody with a budget for the model `dear`: a key, and what its calls say beside. */
  const ofModel: Record<string, (usd: number) => Promise<{ key: string; more?: object; begins: RegExp }>> = {
    'a key, in the older words': async (usd) => ({
      key: await newKey({ model_max_budget: { dear: { budget_limit: usd, time_period: '1d' } } }),
      begins: /^Budget has been exceeded! Model=dear Current cost: /,
    }),
    'a key that is linked to a budget': async (usd) => {
      const { budget_id } = await done('/budget/new', { model_max_budget: { dear: { max_budget: usd } } });
      return {
        key: await newKey({ budget_id }),
        begins: /^Budget has been exceeded! Model=dear Current cost: /,
      };
    },
    'a user': async (usd) => {
      const model_max_budget = { dear: { max_budget: usd, budget_duration: '30d' } };
      const { user_id } = await done('/user/new', { auto_create_key: false, model_max_budget });
      return {
        key: await newKey({ user_id }),
        begins: /^ExceededBudget: User=.* over budget of Model=dear\. /,
      };
    },
    'an organisation': async (usd) => {
      const { organization_id } = await done('/organization/new', {
        organization_alias: 'acme',
        model_max_budget: { dear: { max_budget: usd } },
      });
      return {
        key: await newKey({ organization_id }),
        begins: /^Budget has been exceeded! Organization=.* Model=dear Current cost: /,
      };
    },
    'a customer': async (usd) => {
      await done('/customer/new', { user_id: 'acme', model_max_budget: { dear: { max_budget: usd } } });
      const more = { user: 'acme' };
      return {
        key: await newKey({}),
        more,
        begins: /^ExceededBudget: End User=acme over budget of Model=dear\. /,
      };
    },
    'a member of a team': async (usd) => {
      const [team_id, user_id] = ['blue', 'bob'];
      const team = { team_id, team_member_budget: 1, members_with_roles: [{ role: 'user', user_id }] };
      const { metadata } = (await done('/team/new', team)) as { metadata: Record<string, unknown> };
      const budget_id = metadata.team_member_budget_id;
      await done('/budget/update', { budget_id, model_max_budget: { dear: { max_budget: usd } } });
      return {
        key: await newKey({ team_id, user_id }),
        begins: /^Budget has been exceeded! User=bob in Team=blue Model=dear Current cost: /,
      };
    },
  };

  test.each(Object.entries(ofModel))(
    'the budget of %s for one model holds its calls to that, by whatever name, and no others',
    async (_whose, make) => {
      const { key, more = {}, begins } = await make(3 * CALL);
      const dear = await askAtOnce(8, key, more);
      expect(dear.passed).toBe(3);
      for (const message of dear.messages) expect(message).toMatch(begins);
      expect((await askAtOnce(1, key, { ...more, model: 'same-as-dear' })).passed).toBe(0);
      expect((await askAtOnce(4, key, { ...more, model: 'plain' })).passed).toBe(4);
    },
  );

  test('an alias of the key’s for a name that the operator made is no way around that name’s budget', async () => {
    const key = await newKey({
      aliases: { swift: 'same-as-dear' },
      model_max_budget: { 'same-as-dear': { max_budget: 3 * CALL } },
    });
    expect((await askAtOnce(8, key, { model: 'swift' })).passed).toBe(3);
    expect((await askAtOnce(1, key, { model: 'same-as-dear' })).passed).toBe(0);
  });

  test('a call under way when a model gets its budget counts for it, by whatever name it was asked for', async () => {
    const { key, token } = await done('/key/generate', { aliases: { swift: 'same-as-dear' } });
    const gate = new Gate();
    provider.script({ kind: 'answer', gate });
    const asked = askAtOnce(1, String(key), { model: 'swift' });
    await provider.request(provider.requests.length + 1);
    const names = ['swift', 'same-as-dear', 'dear', 'plain'];
    const model_max_budget = Object.fromEntries(names.map((name) => [name, { max_budget: 1 }]));
    await done('/key/update', { key, model_max_budget });
    gate.release();
    expect((await asked).passed).toBe(1);
    const scope = (name: string) => `model:${JSON.stringify([name, `key:${token}`])}`;
    await Promise.all(names.map((name) => counted(scope(name), name === 'plain' ? 0 : 1)));
  });
});

describe('by the clock', () => {
  /** A Saturday noon. */
  const START = Date.UTC(2026, 10, 21, 12);
  const USD = 1_000_000_000_000n;
  let gateway: AdminGateway;
  let now = START;

  beforeAll(async () => {
    gateway = await startAdminGateway(await postgres.createDatabase(), { clock: () => now });
  });
  afterAll(() => gateway?.close());

  const done = async (path: string, body: object) => {
    const answer = await gateway.call(path, { body });
    expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
    return answer.body;
  };
  const infoOf = async (key: string) => (await gateway.call(`/key/info?key=${key}`)).body.info;
  const budgetsOf = async (key: string): Promise<string[]> =>
    (await gateway.call('/v1/models', { key })).body.budgets;
  const stateOf = async (scope: string) =>
    (await gateway.db.query('SELECT * FROM budget_state WHERE scope = $1', [scope])).rows[0];
  const store = (call: { token: string; spend: number; model?: string; endTime?: number; teamId?: string }) =>
    insertSpendLogs(gateway.db, [
      spendRecord({
        requestId: randomUUID(),
        apiKey: call.token,
        teamId: call.teamId ?? null,
        modelGroup: call.model ?? 'plain',
        spend: picoFromUsd(call.spend),
        endTime: call.endTime ?? now,
      }),
    ]);

  /** A process whose clock is the test's. */
  function processAt(start: number) {
    const timers = new ManualTimers(start, async () => undefined);
    const processId = randomUUID();
    const budgets = new PostgresBudgets({ db: gateway.db, processId, nextReset: inUtc });
    const logger = { warn: () => undefined } as never;
    const ledger = new Ledger({ store: budgets, processId, timers, logger });
    ledger.hears(true);
    const ask = async (scopes: readonly string[], usd: number) => {
      const bound = picoFromUsd(usd);
      return ledger.reserve({ scopes, enforcement: 'strict', bound, minimum: bound, patient: true });
    };
    return { timers, ask, sweep: () => budgets.sweep(timers.now()) };
  }

  test('each window counts by itself, and is reset on the calendar, also after days in which nothing ran', async () => {
    const { key, token } = await done('/key/generate', {
      max_budget: 100,
      budget_limits: [
        { budget_duration: '1d', max_budget: 1 },
        { budget_duration: '7d', max_budget: 3 },
      ],
    });
    const scopes = await budgetsOf(key);
    const [day, week] = ['1d', '7d'].map((length) => `window:${JSON.stringify([length, `key:${token}`])}`);
    expect(new Set(scopes)).toEqual(new Set([`key:${token}`, day, week]));
    await store({ token, spend: 1 });
    expect(await infoOf(key)).toMatchObject({
      spend: 1,
      budget_limits: [
        { budget_duration: '1d', max_budget: 1, spend: 1, reset_at: '2026-11-22T00:00:00.000Z' },
        { budget_duration: '7d', max_budget: 3, spend: 1, reset_at: '2026-11-23T00:00:00.000Z' },
      ],
    });
    await expect(processAt(START).ask(scopes, 0.5)).rejects.toThrow(/over its 1d budget\. Spend=1, Budget=1/);
    const sunday = processAt(START + DAY);
    await sunday.ask(scopes, 0.75);
    await store({ token, spend: 2, endTime: START + DAY });
    await expect(sunday.ask(scopes, 0.25)).rejects.toThrow('over its');
    await processAt(START + 5 * DAY).sweep();
    expect(await infoOf(key)).toMatchObject({
      spend: 3,
      budget_limits: [
        { spend: 0, reset_at: '2026-11-27T00:00:00.000Z' },
        { spend: 0, reset_at: '2026-11-30T00:00:00.000Z' },
      ],
    });
  });

  test('a call counts in the windows of its key and its team, and for its model, whether it was reserved there or not', async () => {
    const { team_id } = await done('/team/new', {
      budget_limits: [{ budget_duration: '1d', max_budget: 5 }],
    });
    const { key, token } = await done('/key/generate', {
      team_id,
      budget_limits: [{ budget_duration: '1h', max_budget: 5 }],
      model_max_budget: { dear: { max_budget: 5 }, 'openai-like': { max_budget: 5 } },
    });
    await store({ token, teamId: team_id, spend: 0.25, model: 'dear' });
    await store({ token, teamId: team_id, spend: 0.5, model: 'plain' });
    expect(await infoOf(key)).toMatchObject({
      spend: 0.75,
      budget_limits: [{ spend: 0.75 }],
      model_spend: { dear: 0.25, 'openai-like': 0 },
    });
    const team = await gateway.call(`/team/info?team_id=${team_id}`);
    expect(team.body.team_info).toMatchObject({
      spend: 0.75,
      budget_limits: [
        { budget_duration: '1d', max_budget: 5, spend: 0.75, reset_at: '2026-11-22T00:00:00.000Z' },
      ],
    });
  });

  test('more for a while can be spent until its end, and not afterwards, whatever runs then', async () => {
    const { key } = await done('/key/generate', { max_budget: 1 });
    const until = new Date(START + DAY).toISOString();
    const increase = { temp_budget_increase: 9, temp_budget_expiry: until };
    expect(await done('/key/update', { key, ...increase })).toMatchObject({
      max_budget: 1,
      metadata: increase,
    });
    const scopes = await budgetsOf(key);
    const { ask, timers } = processAt(START);
    await expect(ask(scopes, 11)).rejects.toThrow('Max budget: 10');
    // Held beyond the budget: its own clock alone tells the process that it may not be spent.
    const asked = [await ask(scopes, 4), await ask(scopes, 5)];
    for (const reservation of asked) reservation.release();
    timers.jump(DAY - 1);
    (await ask(scopes, 2)).release();
    timers.jump(1);
    await expect(ask(scopes, 2)).rejects.toThrow('Max budget: 1.');
    expect((await ask(scopes, 0.5)).amount).toBe(USD / 2n);
    expect(await infoOf(key)).toMatchObject({ max_budget: 1, metadata: increase });
  });

  test('more for a while is taken away by null, and needs an end', async () => {
    const { key, token } = await done('/key/generate', { max_budget: 1 });
    const increase = { temp_budget_increase: 9, temp_budget_expiry: '2030-01-01' };
    await done('/key/update', { key, ...increase });
    expect(await stateOf(`key:${token}`)).toMatchObject({ increase_pico: String(9n * USD) });
    await done('/key/update', { key, temp_budget_increase: null, temp_budget_expiry: null });
    expect(await stateOf(`key:${token}`)).toMatchObject({ increase_pico: null, increase_until: null });
    expect((await infoOf(key)).metadata).toEqual({});
    const alone = await gateway.call('/key/update', { body: { key, temp_budget_increase: 9 } });
    expect(alone).toMatchObject({ status: 400, body: { error: { param: 'temp_budget_increase' } } });
  });

  test('what another program has written is followed when the key is looked up', async () => {
    const { key, token } = await done('/key/generate', {});
    await gateway.db.query(
      `UPDATE "LiteLLM_VerificationToken" SET max_budget = 2,
         budget_limits = '[{"budget_duration": "1d", "max_budget": 3, "reset_at": "2026-11-21T18:00:00"}]',
         model_max_budget = '{"dear": {"budget_limit": 1, "time_period": "1d"}, "plain": 0.5}',
         metadata = '{"temp_budget_increase": 5, "temp_budget_expiry": "2026-12-01T00:00:00"}'
       WHERE token = $1`,
      [token],
    );
    const window = `window:${JSON.stringify(['1d', `key:${token}`])}`;
    const model = `model:${JSON.stringify(['dear', `key:${token}`])}`;
    const bare = `model:${JSON.stringify(['plain', `key:${token}`])}`;
    expect(new Set(await budgetsOf(key))).toEqual(new Set([`key:${token}`, window, model, bare]));
    expect(await stateOf(bare)).toMatchObject({ limit_pico: String(USD / 2n), resets_at: null });
    expect(await stateOf(window)).toMatchObject({
      limit_pico: String(3n * USD),
      resets_at: new Date('2026-11-21T18:00:00Z'),
    });
    expect(await stateOf(model)).toMatchObject({
      limit_pico: String(USD),
      resets_at: new Date('2026-11-22T00:00:00Z'),
    });
    expect(await stateOf(`key:${token}`)).toMatchObject({
      limit_pico: String(2n * USD),
      increase_pico: String(5n * USD),
      increase_until: new Date('2026-12-01T00:00:00Z'),
    });
  });

  test('a rotated key takes its windows along, with what is spent of them', async () => {
    const { key, token } = await done('/key/generate', {
      budget_limits: [{ budget_duration: '1d', max_budget: 2 }],
    });
    await store({ token, spend: 1 });
    const next = await done('/key/regenerate', { key });
    expect(await budgetsOf(next.key)).toEqual([`window:${JSON.stringify(['1d', `key:${token}`])}`]);
    await store({ token, spend: 0.5 });
    await store({ token: next.token, spend: 0.25 });
    expect((await infoOf(next.key)).budget_limits).toMatchObject([{ spend: 1.75 }]);
  });

  test('a deleted owner leaves no windows', async () => {
    const limits = { budget_limits: [{ budget_duration: '1d', max_budget: 2 }] };
    const { team_id } = await done('/team/new', limits);
    const { token } = await done('/key/generate', { team_id, ...limits });
    await done('/team/delete', { team_ids: [team_id] });
    const left = await gateway.db.query('SELECT scope FROM budget_state WHERE part_of = ANY ($1)', [
      [`team:${team_id}`, `key:${token}`],
    ]);
    expect(left.rows).toEqual([]);
  });

  test('limits of a model that stand beside its budget are the key’s', async () => {
    const { key } = await done('/key/generate', {
      model_max_budget: { dear: { max_budget: 5, rpm_limit: 7 } },
    });
    now = START;
    expect((await infoOf(key)).model_max_budget).toEqual({ dear: { max_budget: 5, rpm_limit: 7 } });
  });

  test.each<[string, string, object, string]>([
    [
      'a window of no time',
      '/key/generate',
      { budget_limits: [{ budget_duration: '0d', max_budget: 1 }] },
      'budget_duration',
    ],
    [
      'two windows of one length',
      '/team/new',
      { budget_limits: ['1d', '1d'].map((budget_duration) => ({ budget_duration, max_budget: 1 })) },
      'budget_limits',
    ],
    ['a model without a budget', '/user/new', { model_max_budget: { dear: {} } }, 'model_max_budget'],
    [
      'a user’s limit beside it',
      '/user/new',
      { model_max_budget: { dear: { max_budget: 1, rpm_limit: 1 } } },
      'model_max_budget.dear.rpm_limit',
    ],
    [
      'a budget’s limit beside it',
      '/budget/new',
      { model_max_budget: { dear: { max_budget: 1, tpm_limit: 1 } } },
      'model_max_budget.dear.tpm_limit',
    ],
    ['what falls back', '/key/generate', { budget_fallbacks: { dear: ['plain'] } }, 'budget_fallbacks'],
    [
      'more of nothing',
      '/key/generate',
      { temp_budget_increase: 1, temp_budget_expiry: '2030-01-01' },
      'temp_budget_increase',
    ],
  ])('%s is refused by name', async (_what, path, body, param) => {
    const answer = await gateway.call(path, { body });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(param);
  });
});
