/** Reports of what was spent, on calls whose sums were worked out by hand. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSpendLogs, PICO_PER_USD, SILENT, type SpendRecord } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { START, spendRecord } from '../harness/spend-record.ts';

const DAY = 24 * 60 * 60 * 1000;
const cents = (count: number): bigint => (PICO_PER_USD / 100n) * BigInt(count);

let server: PostgresServer;
let database: TestDatabase;
let gateway: AdminGateway;
/** Keys of ada, of bob, and of an admin of team red. */
let ada: { key: string; token: string };
let bob: { key: string; token: string };
let lead: { key: string; token: string };

const days = 'start_date=2026-11-20&end_date=2026-11-21';
const get = async (path: string, key?: string) =>
  (await gateway.call(path, key === undefined ? {} : { key })).body;

const call = (day: 20 | 21, more: Partial<SpendRecord>): SpendRecord =>
  spendRecord({ startTime: START - (21 - day) * DAY, endTime: START - (21 - day) * DAY, ...more });

/**
 * | day | who  | team | model | tags   | customer | cents | tokens  | outcome    |
 * | 20  | ada  | red  | small | a      | c1       | 10    | 7 + 5   | success    |
 * | 20  | ada  | red  | large | a, b   | c1       | 20    | 7 + 5   | success    |
 * | 21  | ada  | red  | small |        |          | 30    | 100 + 1 | success    |
 * | 21  | bob  |      | small | b      | c2       | 5     | 7 + 5   | success    |
 * | 21  | bob  |      | small |        |          | 0     | 0 + 0   | failure    |
 */
beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  database = await server.createDatabase();
  gateway = await startAdminGateway(database, { clock: () => START });
  const make = async (path: string, body: object) => (await gateway.call(path, { body })).body;
  for (const user_id of ['ada', 'bob', 'lea']) await make('/user/new', { user_id, auto_create_key: false });
  await make('/team/new', {
    team_id: 'red',
    team_alias: 'Red',
    members_with_roles: [
      { role: 'admin', user_id: 'lea' },
      { role: 'user', user_id: 'ada' },
    ],
  });
  ada = await make('/key/generate', { user_id: 'ada', team_id: 'red', key_alias: 'ada’s' });
  bob = await make('/key/generate', { user_id: 'bob' });
  lead = await make('/key/generate', { user_id: 'lea' });
  const ofAda = { userId: 'ada', teamId: 'red', apiKey: ada.token };
  const ofBob = { userId: 'bob', apiKey: bob.token };
  const small = { model: 'small', modelGroup: 'mini' };
  const tagged = (...tags: string[]) => ({ caller: { ...SILENT, tags } });
  await insertSpendLogs(gateway.db, [
    call(20, { ...ofAda, ...small, ...tagged('a'), endUser: 'c1', spend: cents(10) }),
    call(20, {
      ...ofAda,
      model: 'large',
      modelGroup: 'maxi',
      ...tagged('a', 'b'),
      endUser: 'c1',
      spend: cents(20),
    }),
    call(21, {
      ...ofAda,
      ...small,
      promptTokens: 100,
      completionTokens: 1,
      spend: cents(30),
      provider: 'azure',
    }),
    call(21, { ...ofBob, ...small, ...tagged('b'), endUser: 'c2', spend: cents(5) }),
    call(21, {
      ...ofBob,
      ...small,
      promptTokens: 0,
      completionTokens: 0,
      totalTokens: 0,
      spend: 0n,
      status: 'failure',
      error: { code: '429', class: 'RateLimitError', message: 'slow down' },
    }),
  ]);
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

describe('what was spent', () => {
  test('of each day, by user, model and key; days behind the last one are empty', async () => {
    expect(await get('/spend/logs?start_date=2026-11-20&end_date=2026-11-22')).toEqual([
      {
        startTime: '2026-11-20',
        spend: 0.3,
        users: { ada: 0.3 },
        models: { large: 0.2, small: 0.1 },
        [ada.token]: 0.3,
      },
      {
        startTime: '2026-11-21',
        spend: 0.35,
        users: { ada: 0.3, bob: 0.05 },
        models: { small: 0.35 },
        [ada.token]: 0.3,
        [bob.token]: 0.05,
      },
      { startTime: '2026-11-22', spend: 0, users: {}, models: {} },
    ]);
  });

  test('of one key or user', async () => {
    const byKey = await get(`/spend/logs?${days}&api_key=${bob.key}`);
    expect(byKey).toEqual([
      {
        startTime: '2026-11-21',
        spend: 0.05,
        users: { bob: 0.05 },
        models: { small: 0.05 },
        [bob.token]: 0.05,
      },
    ]);
    expect(await get(`/spend/logs?${days}&user_id=bob`)).toEqual(byKey);
    expect(await get(`/spend/logs?${days}&user_id=nobody`)).toEqual([]);
  });

  test('half a period is refused by the name of what is missing', async () => {
    const { status, body } = await gateway.call('/spend/logs?start_date=2026-11-20');
    expect(status).toBe(400);
    expect(body.error.param).toBe('end_date');
  });

  test('a user is told of its own alone', async () => {
    expect(await get(`/spend/logs?${days}`, bob.key)).toEqual(await get(`/spend/logs?${days}&user_id=bob`));
    expect(await get(`/spend/logs?${days}&user_id=ada`, bob.key)).toEqual([]);
    expect(await get('/global/spend', bob.key)).toEqual({ spend: 0.05, max_budget: 0 });
    expect(await get('/global/spend/logs', bob.key)).toEqual([{ date: '2026-11-21', spend: 0.05 }]);
    expect(await get('/global/spend/keys', bob.key)).toMatchObject([
      { api_key: bob.token, total_spend: 0.05 },
    ]);
    expect(await get(`/global/spend/provider?${days}`, bob.key)).toEqual([
      { provider: 'openai', spend: 0.05 },
    ]);
    expect((await get(`/global/activity?${days}`, bob.key)).sum_api_requests).toBe(2);
    expect((await get('/spend/keys', bob.key)).map(({ token }: { token: string }) => token)).toEqual([
      bob.token,
    ]);
    expect((await get('/spend/users', bob.key)).map((user: { user_id: string }) => user.user_id)).toEqual([
      'bob',
    ]);
  });

  test('keys and users stand in the order of what they have spent', async () => {
    const keys = await get('/spend/keys');
    expect(keys.map(({ token, spend }: { token: string; spend: number }) => [token, spend])).toEqual([
      [ada.token, 0.6],
      [bob.token, 0.05],
      [lead.token, 0],
    ]);
    const users = await get('/spend/users');
    expect(users.slice(0, 2)).toMatchObject([
      { user_id: 'ada', spend: 0.6 },
      { user_id: 'bob', spend: 0.05 },
    ]);
    expect(users[0]).not.toHaveProperty('password');
    expect(await get('/spend/users?user_id=nobody')).toEqual([null]);
  });

  test('of the last thirty days', async () => {
    expect(await get('/global/spend')).toEqual({ spend: 0.65, max_budget: 0 });
    expect(await get('/global/spend/logs')).toEqual([
      { date: '2026-11-20', spend: 0.3 },
      { date: '2026-11-21', spend: 0.35 },
    ]);
    expect(await get(`/global/spend/logs?api_key=${bob.token}`)).toEqual([
      { date: '2026-11-21', spend: 0.05 },
    ]);
    expect(await get('/global/spend/keys?limit=1')).toEqual([
      {
        api_key: ada.token,
        key_alias: 'ada’s',
        key_name: expect.stringMatching(/^sk-\.\.\./),
        total_spend: 0.6,
      },
    ]);
    expect(await get('/global/spend/models')).toEqual([
      { model: 'small', total_spend: 0.45 },
      { model: 'large', total_spend: 0.2 },
    ]);
  });

  test('of teams, and of calls that belong to none', async () => {
    expect(await get('/global/spend/teams')).toEqual({
      daily_spend: [
        { date: '2026-11-20', Red: 0.3 },
        { date: '2026-11-21', Red: 0.3, Unassigned: 0.05 },
      ],
      teams: ['Red', 'Unassigned'],
      total_spend_per_team: [
        { team_id: 'Red', total_spend: 0.6 },
        { team_id: 'Unassigned', total_spend: 0.05 },
      ],
    });
    expect((await get('/global/spend/teams', lead.key)).teams).toEqual(['Red']);
    expect((await get('/global/spend/teams', ada.key)).teams).toEqual([]);
  });

  test('of tags', async () => {
    expect(await get('/spend/tags')).toEqual([
      { individual_request_tag: 'a', log_count: 2, total_spend: 0.3 },
      { individual_request_tag: 'b', log_count: 2, total_spend: 0.25 },
    ]);
    expect(await get(`/global/spend/tags?${days}&tags=b`)).toEqual({
      spend_per_tag: [{ name: 'b', spend: 0.25, log_count: 2 }],
    });
    expect(await get('/global/spend/all_tag_names')).toEqual({ tag_names: ['a', 'b'] });
  });

  test('of providers and customers', async () => {
    expect(await get(`/global/spend/provider?${days}`)).toEqual([
      { provider: 'openai', spend: 0.35 },
      { provider: 'azure', spend: 0.3 },
    ]);
    const { body } = await gateway.call('/global/spend/end_users', { body: {} });
    expect(body).toEqual([
      { end_user: 'c1', total_count: 2, total_spend: 0.3 },
      { end_user: 'c2', total_count: 1, total_spend: 0.05 },
    ]);
    const asked = { api_key: bob.token, startTime: '2026-11-21T00:00:00Z', endTime: '2026-11-21' };
    expect((await gateway.call('/global/spend/end_users', { body: asked })).body).toHaveLength(1);
  });

  test('no provider has a budget', async () => {
    expect(await get('/provider/budgets')).toEqual({ providers: {} });
  });
});

describe('the report', () => {
  test('of teams shows what each key spent on which model', async () => {
    expect(await get(`/global/spend/report?start_date=2026-11-21&end_date=2026-11-21`)).toEqual([
      {
        group_by_day: '2026-11-21T00:00:00+00:00',
        teams: [
          {
            team_name: 'Red',
            total_spend: 0.3,
            metadata: [{ model: 'small', api_key: ada.token, spend: 0.3, total_tokens: 101 }],
          },
          {
            team_name: 'Unassigned Team',
            total_spend: 0.05,
            metadata: [{ model: 'others', api_key: 'others', spend: 0.05, total_tokens: 12 }],
          },
        ],
      },
    ]);
  });

  test('of customers', async () => {
    const [first] = await get(`/global/spend/report?${days}&group_by=customer`);
    expect(first.customers).toEqual([
      {
        customer: 'c1',
        total_spend: 0.3,
        metadata: [
          { model: 'large', api_key: ada.token, spend: 0.2, total_tokens: 12 },
          { model: 'small', api_key: ada.token, spend: 0.1, total_tokens: 12 },
        ],
      },
    ]);
  });

  test('of keys, or of those of one user', async () => {
    const keys = await get(`/global/spend/report?${days}&group_by=api_key`);
    expect(keys).toEqual([
      {
        api_key: ada.token,
        total_cost: 0.6,
        total_input_tokens: 114,
        total_output_tokens: 11,
        model_details: [
          { model: 'small', total_cost: 0.4, total_input_tokens: 107, total_output_tokens: 6 },
          { model: 'large', total_cost: 0.2, total_input_tokens: 7, total_output_tokens: 5 },
        ],
      },
      expect.objectContaining({ api_key: bob.token, total_cost: 0.05 }),
    ]);
    expect(await get(`/global/spend/report?${days}&internal_user_id=ada`)).toEqual([keys[0]]);
    expect(await get(`/global/spend/report?${days}&api_key=${ada.key}`)).toEqual([keys[0]]);
  });

  test('of a team and a customer at once is refused: they are counted apart', async () => {
    const { status, body } = await gateway.call(`/global/spend/report?${days}&team_id=red&customer_id=c1`);
    expect(status).toBe(400);
    expect(body.detail.error).toContain('team_id or customer_id');
  });
});

describe('a report of many', () => {
  let many: AdminGateway;
  const asked = 'start_date=2026-11-21&end_date=2026-11-21';

  /** 21 November: team t1 calls twelve models for 1 to 12 cents, and 101 customers who have no team call for 1 to 101 cents. */
  beforeAll(async () => {
    many = await startAdminGateway(await server.createDatabase(), { clock: () => START });
    const of = (more: Partial<SpendRecord>, spent: number) =>
      call(21, { userId: 'ada', apiKey: 'a'.repeat(64), spend: cents(spent), ...more });
    const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
    await insertSpendLogs(many.db, [
      ...oneTo(12).map((cost) => of({ teamId: 't1', model: `model-${cost}` }, cost)),
      ...oneTo(101).map((cost) => of({ endUser: `customer-${cost}`, model: 'small' }, cost)),
    ]);
  });
  afterAll(() => many?.close());

  test('shows the ten dearest lines of a team’s day, and what is left of it', async () => {
    const [day] = (await many.call(`/global/spend/report?${asked}`)).body;
    const [team, nobody] = day.teams;
    expect(team).toMatchObject({ team_name: 't1', total_spend: 0.78 });
    expect(team.metadata.map(({ model, spend }: Record<string, unknown>) => [model, spend])).toEqual([
      ...[12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((cost) => [`model-${cost}`, cost / 100]),
      ['others', 0.03],
    ]);
    expect(nobody).toMatchObject({ team_name: 'Unassigned Team', total_spend: 51.51 });
  });

  test('shows the hundred customers who have spent most, and says so', async () => {
    const { body, headers } = await many.call(`/global/spend/report?${asked}&group_by=customer`);
    const spent = body[0].customers.map(({ customer, total_spend }: Record<string, unknown>) => [
      customer,
      total_spend,
    ]);
    expect(spent).toHaveLength(101);
    expect(spent).toContainEqual(['customer-2', 0.02]);
    expect(spent.map(([customer]: [string]) => customer)).not.toContain('customer-1');
    expect(spent.at(-1)).toEqual([null, 0.78]);
    expect(headers['x-litellm-rows']).toBe('highest 100');
  });

  test('shows whoever is asked for, and nobody else', async () => {
    const [day] = (await many.call(`/global/spend/report?${asked}&customer_id=customer-1`)).body;
    expect(day.customers).toEqual([expect.objectContaining({ customer: 'customer-1', total_spend: 0.01 })]);
  });
});

describe('activity', () => {
  test('counts calls and tokens by day, and by model', async () => {
    expect(await get(`/global/activity?${days}`)).toEqual({
      daily_data: [
        { date: 'Nov 20', api_requests: 2, total_tokens: 24 },
        { date: 'Nov 21', api_requests: 3, total_tokens: 113 },
      ],
      sum_api_requests: 5,
      sum_total_tokens: 137,
    });
    const models = await get(`/global/activity/model?${days}`);
    expect(
      models.map(({ model, sum_api_requests: calls }: Record<string, unknown>) => [model, calls]),
    ).toEqual([
      ['mini', 4],
      ['maxi', 1],
    ]);
  });

  test('tells calls that met a rate limit', async () => {
    const met = {
      daily_data: [{ date: 'Nov 21', num_rate_limit_exceptions: 1 }],
      sum_num_rate_limit_exceptions: 1,
    };
    expect(await get(`/global/activity/exceptions?${days}&model_group=mini`)).toEqual(met);
    expect(await get(`/global/activity/exceptions/deployment?${days}&model_group=mini`)).toEqual([
      { api_base: 'https://provider.example/v1', ...met },
    ]);
  });

  test('of a cache is none', async () => {
    const rows = await get(`/global/activity/cache_hits?${days}`);
    expect(rows.map((row: { cache_hit_true_rows: number }) => row.cache_hit_true_rows)).toEqual([0, 0, 0]);
  });

  test.each(['/global/activity', '/user/daily/activity', '/global/spend/provider'])(
    '%s without days is refused',
    async (path) => {
      const { status, body } = await gateway.call(path);
      expect(status).toBe(400);
      expect(body).toEqual({ detail: { error: 'Please provide start_date and end_date' } });
    },
  );
});

describe('daily activity', () => {
  const bobs = {
    spend: 0.05,
    prompt_tokens: 7,
    completion_tokens: 5,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    total_tokens: 12,
    successful_requests: 1,
    failed_requests: 1,
    api_requests: 2,
  };

  test('breaks a day down by model, provider, endpoint, key and whom it is for', async () => {
    const { results, metadata } = await get(`/user/daily/activity?${days}&user_id=bob`);
    const key = { metrics: bobs, metadata: { key_alias: null, team_id: null } };
    const part = { metrics: bobs, metadata: {}, api_key_breakdown: { [bob.token]: key } };
    expect(results).toEqual([
      {
        date: '2026-11-21',
        metrics: bobs,
        breakdown: {
          models: { small: part },
          model_groups: { mini: part },
          providers: { openai: part },
          endpoints: { '/chat/completions': part },
          mcp_servers: {},
          api_keys: { [bob.token]: key },
          entities: { bob: part },
        },
      },
    ]);
    expect(metadata).toEqual({
      ...Object.fromEntries(
        Object.entries(bobs).map(([name, value]) => [
          name === 'total_tokens' ? name : `total_${name}`,
          value,
        ]),
      ),
      page: 1,
      total_pages: 1,
      has_more: false,
    });
  });

  test('of every user is the newest day first, page by page; the pages’ totals add up', async () => {
    const whole = await get(`/user/daily/activity?${days}`);
    expect(whole.results.map(({ date }: { date: string }) => date)).toEqual(['2026-11-21', '2026-11-20']);
    expect(whole.metadata).toMatchObject({
      total_spend: 0.65,
      total_api_requests: 5,
      total_failed_requests: 1,
    });
    const pages = [];
    for (const page of [1, 2]) pages.push(await get(`/user/daily/activity?${days}&page=${page}&page_size=2`));
    expect(pages.map(({ metadata }) => metadata.has_more)).toEqual([true, false]);
    expect(pages.reduce((sum, { metadata }) => sum + metadata.total_api_requests, 0)).toBe(5);
  });

  test('all in one answer tells the same', async () => {
    const { results, metadata } = await get(`/user/daily/activity/aggregated?${days}`);
    expect(results[0].breakdown.models.small.metrics).toMatchObject({ spend: 0.35, api_requests: 3 });
    expect(results[0].breakdown.api_keys[ada.token]).toMatchObject({
      metrics: { spend: 0.3 },
      metadata: { key_alias: 'ada’s', team_id: 'red' },
    });
    expect(metadata).toMatchObject({ total_spend: 0.65, total_tokens: 137, has_more: false });
    const own = await get(`/user/daily/activity/aggregated?${days}`, bob.key);
    expect(own.metadata.total_spend).toBe(0.05);
  });

  test('of a team is shown to who runs it, under its name', async () => {
    const { results, metadata } = await get(`/team/daily/activity?${days}&team_ids=red`, lead.key);
    expect(results[1].breakdown.entities.red).toMatchObject({
      metrics: { spend: 0.3 },
      metadata: { team_alias: 'Red' },
    });
    expect(metadata.total_spend).toBe(0.6);
    expect((await get(`/team/daily/activity?${days}`, ada.key)).results).toEqual([]);
    expect((await get(`/team/daily/activity?${days}&exclude_team_ids=red`)).results).toEqual([]);
  });

  test.each([
    ['/tag/daily/activity', 'tags=a', 0.3],
    ['/customer/daily/activity', 'end_user_ids=c2', 0.05],
    ['/end_user/daily/activity', 'end_user_ids=c1,c2', 0.35],
    ['/agent/daily/activity', '', 0],
    ['/organization/daily/activity', '', 0],
    ['/user/daily/activity', 'model=large', 0.2],
    ['/user/daily/activity', 'timezone=-60', 0.65],
  ])('%s of %s', async (path, filter, spend) => {
    expect((await get(`${path}?${days}&${filter}`)).metadata.total_spend).toBe(spend);
  });

  test('days are UTC: another zone is named as ignored', async () => {
    const { headers } = await gateway.call(`/user/daily/activity?${days}&timezone=-60`);
    expect(headers['x-litellm-ignored-fields']).toBe('timezone');
  });
});

test('LiteLLM’s views tell the same, without the spend rows', async () => {
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  // The views count the days from now on backwards.
  const today = new Date().toISOString().slice(0, 10);
  await owner.query(`UPDATE "LiteLLM_DailyUserSpend" SET date = $1 WHERE date = '2026-11-21'`, [today]);
  await owner.query(`UPDATE "LiteLLM_DailyUserSpend" SET date = '2020-01-01' WHERE date = '2026-11-20'`);
  await owner.query(`UPDATE "LiteLLM_DailyEndUserSpend" SET date = $1`, [today]);
  const { db } = gateway;
  const read = async (text: string) => (await db.query(text)).rows;
  expect(await read('SELECT date::text, spend FROM "MonthlyGlobalSpend"')).toEqual([
    { date: today, spend: 0.35 },
  ]);
  expect(await read('SELECT spend, api_key FROM "MonthlyGlobalSpendPerKey" ORDER BY spend')).toEqual([
    { spend: 0.05, api_key: bob.token },
    { spend: 0.3, api_key: ada.token },
  ]);
  expect(await read('SELECT spend, "user" FROM "MonthlyGlobalSpendPerUserPerKey" ORDER BY spend')).toEqual([
    { spend: 0.05, user: 'bob' },
    { spend: 0.3, user: 'ada' },
  ]);
  expect(await read('SELECT key_alias, total_spend FROM "Last30dKeysBySpend"')).toEqual([
    { key_alias: 'ada’s', total_spend: 0.3 },
    { key_alias: null, total_spend: 0.05 },
  ]);
  expect(await read('SELECT * FROM "Last30dModelsBySpend"')).toEqual([{ model: 'small', total_spend: 0.35 }]);
  expect(await read('SELECT * FROM "Last30dTopEndUsersSpend"')).toEqual([
    { end_user: 'c1', total_events: 2, total_spend: 0.3 },
    { end_user: 'c2', total_events: 1, total_spend: 0.05 },
  ]);
  expect(
    await read(
      'SELECT individual_request_tag, log_count, total_spend FROM "DailyTagSpend" ORDER BY 1, spend_date',
    ),
  ).toEqual([
    { individual_request_tag: 'a', log_count: 2, total_spend: 0.3 },
    { individual_request_tag: 'b', log_count: 1, total_spend: 0.2 },
    { individual_request_tag: 'b', log_count: 1, total_spend: 0.05 },
  ]);
  expect(
    await read(
      `SELECT key_alias, team_alias, team_spend FROM "LiteLLM_VerificationTokenView" WHERE team_id = 'red'`,
    ),
  ).toEqual([{ key_alias: 'ada’s', team_alias: 'Red', team_spend: 0.6 }]);
  await owner.end();
});

describe('a key with permissions.get_spend_routes', () => {
  const reports = [
    '/global/spend',
    '/global/spend/logs',
    '/global/spend/keys',
    '/global/spend/models',
    `/global/spend/provider?${days}`,
    '/global/spend/teams',
    `/global/spend/tags?${days}`,
    '/global/spend/all_tag_names',
    `/global/spend/report?${days}`,
    `/spend/tags?${days}`,
    `/global/activity?${days}`,
    `/global/activity/model?${days}`,
    `/global/activity/exceptions?${days}&model_group=mini`,
  ];
  let reader: { key: string; token: string };

  beforeAll(async () => {
    const body = { user_id: 'bob', permissions: { get_spend_routes: true } };
    reader = (await gateway.call('/key/generate', { body })).body;
  });

  test.each(reports)('sees in %s what an admin sees', async (path) => {
    const seen = await gateway.call(path, { key: reader.key });
    expect(seen).toMatchObject({ status: 200, body: (await gateway.call(path)).body });
  });

  test('sees no calls, keys and users but its own', async () => {
    const calls = await get('/spend/logs', reader.key);
    expect(new Set(calls.map(({ user }: { user: string }) => user))).toEqual(new Set(['bob']));
    expect(await get('/spend/users', reader.key)).toHaveLength(1);
    expect((await gateway.call('/key/info', { key: reader.key })).body.info.permissions).toEqual({
      get_spend_routes: true,
    });
    expect((await gateway.call(`/key/info?key=${ada.token}`, { key: reader.key })).status).toBe(403);
  });

  test('loses it at once', async () => {
    const body = { key: reader.token, permissions: { get_spend_routes: false } };
    expect((await gateway.call('/key/update', { body })).status).toBe(200);
    expect((await gateway.call('/global/spend/all_tag_names', { key: reader.key })).status).toBe(401);
    const again = { key: reader.token, permissions: { get_spend_routes: true } };
    const own = await gateway.call('/key/update', { key: reader.key, body: again });
    expect(own).toMatchObject({ status: 403, body: { error: { param: 'permissions' } } });
  });
});

describe('a reset', () => {
  test('is for the master key alone', async () => {
    const { key } = (await gateway.call('/key/generate', { body: { user_id: 'default_user_id' } })).body;
    const { status, body } = await gateway.call('/global/spend/reset', { key, body: {} });
    expect(status).toBe(401);
    expect(body.error.message).toContain('only the master key');
  });

  test('sets what keys and teams have spent to nothing, to the pico-dollar, and is in the audit log', async () => {
    const exact = async () =>
      (
        await gateway.db.query(
          `SELECT sum(spent_pico)::text AS spent FROM budget_state WHERE token IS NOT NULL OR scope LIKE 'team:%'`,
        )
      ).rows[0].spent;
    expect(await exact()).toBe(String(cents(125)));
    const { body } = await gateway.call('/global/spend/reset', { body: {} });
    expect(body).toMatchObject({ status: 'success', message: expect.any(String) });
    expect(await exact()).toBe('0');
    expect((await get(`/key/info?key=${ada.token}`)).info.spend).toBe(0);
    expect((await get('/team/info?team_id=red')).team_info.spend).toBe(0);
    expect((await get('/user/info?user_id=ada')).user_info.spend).toBe(0.6);
    const { audit_logs } = await get(`/audit?object_id=${ada.token}&action=updated`);
    expect(audit_logs[0]).toMatchObject({ before_value: { spend: 0.6 }, updated_values: { spend: 0 } });
  });

  test('forgets nothing that is spent afterwards', async () => {
    await insertSpendLogs(gateway.db, [
      call(21, { userId: 'ada', teamId: 'red', apiKey: ada.token, spend: 7n }),
    ]);
    const { rows } = await gateway.db.query('SELECT spent_pico::text FROM budget_state WHERE token = $1', [
      ada.token,
    ]);
    expect(rows).toEqual([{ spent_pico: '7' }]);
  });
});
