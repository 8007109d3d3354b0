/** Lists of calls: who sees which, what they can be asked, and that none of them reads a whole table. */
import { Client, type PoolClient, type QueryConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSpendLogs, PICO_PER_USD, type SpendRecord } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { plantCalls, plantedKey } from '../harness/planted-calls.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { START, spendRecord } from '../harness/spend-record.ts';
import { Seeds } from '../permissions/seeds.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

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

interface Row {
  readonly request_id: string;
}

const ids = (rows: readonly Row[]): string[] => rows.map(({ request_id }) => request_id);

/** The list of the day of START, and of the day before. */
async function listed(query: Record<string, string> = {}, key?: string) {
  const asked = { start_date: '2026-11-20 00:00:00', end_date: '2026-11-21 23:59:59', ...query };
  return await gateway.call(`/spend/logs/ui?${new URLSearchParams(asked)}`, key === undefined ? {} : { key });
}

let minutes = 0;
/** A call a minute after the one before. */
const call = (requestId: string, more: Partial<SpendRecord> = {}): SpendRecord =>
  spendRecord({
    requestId,
    startTime: START + minutes++ * MINUTE,
    endTime: START + minutes * MINUTE,
    ...more,
  });

describe('planted calls', () => {
  let keys: ReadonlyMap<string, { readonly key: string | null; readonly hash: string }>;
  const hash = (name: string): string => keys.get(name)?.hash as string;
  const keyOf = (name: string): string => keys.get(name)?.key as string;

  beforeAll(async () => {
    keys = await new Seeds(gateway.db).plant(gateway.masterKey);
    const kept = { request: '{"messages":["hi"]}', response: '{"said":"ho"}' };
    await insertSpendLogs(gateway.db, [
      call('yesterday', { startTime: START - DAY, endTime: START - DAY, userId: 'u-stranger' }),
      call('member', { userId: 'u-member', teamId: 'red', organizationId: 'acme', apiKey: hash('member') }),
      call('mate', { userId: 'u-mate', teamId: 'red', organizationId: 'acme', endUser: 'customer-1' }),
      call('hired', { userId: 'u-hired', organizationId: 'acme', model: 'other', content: kept }),
      call('team', { userId: null, teamId: 'red', organizationId: 'acme', apiKey: hash('team') }),
      call('failed', {
        userId: 'u-stranger',
        status: 'failure',
        spend: 0n,
        totalTokens: 0,
        error: { code: '429', class: 'RateLimit', message: 'slow 100% down' },
      }),
      call('dear', { userId: 'u-stranger', spend: PICO_PER_USD * 3n, totalTokens: 9, callId: 'call-2' }),
    ]);
  });

  test.each([
    ['master', ['dear', 'failed', 'team', 'hired', 'mate', 'member', 'yesterday']],
    ['viewer', ['dear', 'failed', 'team', 'hired', 'mate', 'member', 'yesterday']],
    ['org', ['team', 'hired', 'mate', 'member']],
    ['lead', ['team', 'mate', 'member']],
    ['member', ['member']],
    ['team', ['team']],
    ['user', []],
  ])('%s sees the calls %j', async (name, seen) => {
    const { body } = await listed({}, keyOf(name));
    expect(ids(body.data)).toEqual(seen);
    expect(body.total).toBe(seen.length);
    expect(ids((await gateway.call('/spend/logs', { key: keyOf(name) })).body)).toEqual(seen);
  });

  test.each([
    ['api_key', (): string => hash('member'), ['member']],
    ['api_key', (): string => keyOf('member'), ['member']],
    ['user_id', () => 'u-hired', ['hired']],
    ['request_id', () => 'mate', ['mate']],
    ['team_id', () => 'red', ['team', 'mate', 'member']],
    ['min_spend', () => '1', ['dear']],
    ['max_spend', () => '0', ['failed']],
    ['status_filter', () => 'failure', ['failed']],
    ['model', () => 'other', ['hired']],
    ['model_id', () => 'nothing', []],
    ['end_user', () => 'customer-1', ['mate']],
    ['error_code', () => '429', ['failed']],
    ['error_message', () => '100% down', ['failed']],
    ['end_date', () => '2026-11-20', ['yesterday']],
    ['key_alias', () => 'nobody', []],
  ])('%s picks calls', async (name, value, found) => {
    expect(ids((await listed({ [name]: value() })).body.data)).toEqual(found);
  });

  test('a key’s alias finds its calls, also under the hash that it had before it was rotated', async () => {
    const { body: key } = await gateway.call('/key/generate', { body: { key_alias: 'turned' } });
    await insertSpendLogs(gateway.db, [call('before', { apiKey: key.token, startTime: START - 2 * DAY })]);
    await gateway.call('/key/regenerate', { body: { key: key.token } });
    const { body } = await listed({ key_alias: 'turned', start_date: '2026-11-19' });
    expect(ids(body.data)).toEqual(['before']);
  });

  test('pages follow one another, and the total is exact', async () => {
    const { body, headers } = await listed({ page: '2', page_size: '3' });
    expect(ids(body.data)).toEqual(['hired', 'mate', 'member']);
    expect(body).toMatchObject({ total: 7, page: 2, page_size: 3, total_pages: 3 });
    expect(headers['x-litellm-total']).toBe('exact');
  });

  test('another column sorts them', async () => {
    const { body } = await listed({ sort_by: 'spend', sort_order: 'desc', page_size: '1' });
    expect(ids(body.data)).toEqual(['dear']);
    expect(ids((await listed({ sort_order: 'asc', page_size: '1' })).body.data)).toEqual(['yesterday']);
  });

  test.each([
    [{ start_date: '' }, 'start_date'],
    [{ end_date: 'yesterday' }, 'end_date'],
    [{ api_key: 'x' }, 'api_key'],
    [{ page: '2001' }, 'page'],
  ])('a list that is asked for %j is refused', async (query, param) => {
    const { status, body } = await listed(query as Record<string, string>);
    expect(status).toBe(400);
    expect(body.error.param).toBe(param);
  });

  test('one call is shown whole, and only to who may see it', async () => {
    const [whole] = (await gateway.call('/spend/logs?request_id=hired')).body;
    expect(whole).toMatchObject({
      request_id: 'hired',
      response: { said: 'ho' },
      status: 'success',
      spend: 0.25,
    });
    expect(whole).not.toHaveProperty('litellm_row_id');
    expect((await gateway.call('/spend/logs?request_id=hired', { key: keyOf('lead') })).body).toEqual([null]);
    expect((await gateway.call('/spend/logs?request_id=nothing')).body).toEqual([null]);
  });

  test('what was said in a call is in no list', async () => {
    const [row] = (await listed({ request_id: 'hired' })).body.data;
    expect(row).toMatchObject({ messages: {}, response: {}, proxy_server_request: {} });
    const { body } = await gateway.call('/spend/logs/ui/hired');
    expect(body).toEqual({
      request_id: 'hired',
      messages: ['hi'],
      response: { said: 'ho' },
      proxy_server_request: { messages: ['hi'] },
    });
    expect((await gateway.call('/spend/logs/ui/hired', { key: keyOf('member') })).body).toBeNull();
    expect((await gateway.call('/spend/logs/ui/mate')).body).toBeNull();
  });

  test('a session is told in its order', async () => {
    const { body } = await gateway.call('/spend/logs/session/ui?session_id=call-2');
    expect(ids(body)).toEqual(['dear']);
    expect(ids((await gateway.call('/spend/logs/session/ui?session_id=call-1')).body).at(-1)).toBe('failed');
    expect((await gateway.call('/spend/logs/session/ui')).status).toBe(422);
  });

  test('days without a summary are their calls, the newest first', async () => {
    const { body, headers } = await gateway.call(
      '/spend/logs?start_date=2026-11-20&end_date=2026-11-20&summarize=false',
    );
    expect(ids(body)).toEqual(['yesterday']);
    expect(headers['x-litellm-rows']).toBe('newest 1000');
  });
});

describe('many calls', () => {
  const MANY = { perDay: 10_000, keys: 200, users: 100, teams: 50, models: 5 };
  /** Days that have a partition. */
  const days = [1, 2, 3, 4].map((ahead) => new Date(Date.now() + ahead * DAY).toISOString().slice(0, 10));
  const [first = '', second = '', , last = ''] = days;
  let many: AdminGateway;

  beforeAll(async () => {
    const database = await server.createDatabase();
    many = await startAdminGateway(database);
    for (const day of days) await plantCalls(many.db, day, MANY);
    const owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query('ANALYZE');
    await owner.end();
  });
  afterAll(() => many?.close());

  const period = (from: string, until: string) =>
    `start_date=${from}%2000:00:00&end_date=${until}%2023:59:59`;

  test('an undated list is the newest thousand, and says so', async () => {
    const { body, headers } = await many.call('/spend/logs');
    expect(body).toHaveLength(1000);
    expect(headers['x-litellm-rows']).toBe('newest 1000');
    expect(body[0].startTime.slice(0, 10)).toBe(last);
    const times = body.map(({ startTime }: { startTime: string }) => startTime);
    expect(times).toEqual([...times].sort().reverse());
  });

  test('a total is exact to ten thousand', async () => {
    const { body, headers } = await many.call(`/spend/logs/ui?${period(first, first)}`);
    expect([body.total, headers['x-litellm-total']]).toEqual([10_000, 'exact']);
  });

  test('beyond that it is estimated, and marked so', async () => {
    const { body, headers } = await many.call(`/spend/logs/ui?${period(first, second)}`);
    expect(headers['x-litellm-total']).toBe('estimated');
    expect(body.total).toBeGreaterThan(10_000);
    expect(body.total_pages).toBe(Math.ceil(body.total / 50));
  });

  test('of more calls the newest ten thousand are sorted, and the answer says so', async () => {
    const { headers } = await many.call(`/spend/logs/ui?${period(first, second)}&sort_by=spend`);
    expect(headers['x-litellm-sorted']).toBe('newest 10000');
    const { headers: few } = await many.call(`/spend/logs/ui?${period(first, first)}&sort_by=spend`);
    expect(few).not.toHaveProperty('x-litellm-sorted');
  });

  /** What a request asks the database, but for the beginning and the end of its transaction. */
  async function statementsOf(path: string): Promise<QueryConfig[]> {
    const asked: QueryConfig[] = [];
    const connect = many.db.connect.bind(many.db);
    const recorded = (client: PoolClient): PoolClient =>
      new Proxy(client, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (name !== 'query') return typeof value === 'function' ? value.bind(target) : value;
          return (statement: QueryConfig, ...rest: unknown[]) => {
            if (/^\s*(SELECT|WITH)/.test(statement.text)) asked.push(statement);
            return Reflect.apply(value, target, [statement, ...rest]);
          };
        },
      });
    many.db.connect = (async () => recorded(await connect())) as typeof connect;
    try {
      expect((await many.call(path)).status).toBe(200);
    } finally {
      many.db.connect = connect;
    }
    return asked;
  }

  interface PlanNode {
    readonly 'Node Type': string;
    readonly 'Relation Name'?: string;
    readonly Filter?: string;
    readonly Plans?: readonly PlanNode[];
  }

  const isCalls = ({ 'Relation Name': table = '' }: PlanNode): boolean =>
    table.startsWith('LiteLLM_SpendLogs');

  /** A table of calls that is read from its beginning, until there are enough of a period's, is not read as a whole. */
  function stopsEarly({ Filter = '' }: PlanNode, limited: boolean): boolean {
    const columns = [...Filter.matchAll(/\("?(\w+)"? [<>=~]/g)].map(([, column]) => column);
    return limited && columns.every((column) => column === 'startTime');
  }

  /** How tables of calls are read: `Index Scan LiteLLM_SpendLogs_20261121`; `whole` for one that is read as a whole. */
  function readsIn(plan: PlanNode, limited = false): string[] {
    const { 'Node Type': kind, 'Relation Name': table, Plans = [] } = plan;
    const below = kind === 'Limit' || (limited && /Append|Subquery/.test(kind));
    const deeper = Plans.flatMap((child) => readsIn(child, below));
    if (!isCalls(plan)) return deeper;
    return [`${kind === 'Seq Scan' && !stopsEarly(plan, limited) ? 'whole' : kind} ${table}`, ...deeper];
  }

  async function readsOf(path: string): Promise<string[]> {
    const reads = new Set<string>();
    for (const { text, values } of await statementsOf(path)) {
      const { rows } = await many.db.query({
        text: `EXPLAIN (FORMAT JSON) ${text}`,
        ...(values && { values: [...values] }),
      });
      for (const read of readsIn(rows[0]['QUERY PLAN'][0].Plan)) reads.add(read);
    }
    return [...reads];
  }

  const partitionOf = (day: string): string => `LiteLLM_SpendLogs_${day.replaceAll('-', '')}`;
  /** Tables that have rows: an empty one may be read as a whole. */
  const full = new Set(days.map(partitionOf));
  const whole = (reads: readonly string[]): string[] =>
    reads.filter((read) => read.startsWith('whole') && full.has(read.split(' ').at(-1) as string));

  test.each([
    ['the newest', '/spend/logs'],
    ['a page', `/spend/logs/ui?${period(first, last)}`],
    ['a page far behind', `/spend/logs/ui?${period(first, last)}&page=100`],
    ['the oldest', `/spend/logs/ui?${period(first, last)}&sort_order=asc`],
    ['the dearest', `/spend/logs/ui?${period(first, last)}&sort_by=spend`],
    ['a key’s', `/spend/logs/ui?${period(first, last)}&api_key=${plantedKey(3)}`],
    ['a user’s', `/spend/logs/ui?${period(first, last)}&user_id=user-3`],
    ['a team’s', `/spend/logs/ui?${period(first, last)}&team_id=team-3`],
    ['a customer’s', `/spend/logs/ui?${period(first, last)}&end_user=customer-10`],
    ['what failed', `/spend/logs/ui?${period(first, last)}&status_filter=failure`],
    ['what met a limit', `/spend/logs/ui?${period(first, last)}&error_code=429`],
    ['one call', '/spend/logs?request_id=chatcmpl-1'],
    ['a session', '/spend/logs/session/ui?session_id=x'],
    ['exceptions', `/global/activity/exceptions?start_date=${first}&end_date=${last}&model_group=group-0`],
  ])('no table of calls is read as a whole for %s', async (_what, path) => {
    const reads = await readsOf(path);
    expect(reads).not.toEqual([]);
    expect(whole(reads)).toEqual([]);
  });

  test('a period reads its days alone', async () => {
    const reads = await readsOf(`/spend/logs/ui?${period(second, second)}&user_id=user-3`);
    expect(new Set(reads.map((read) => read.split(' ').at(-1)))).toEqual(new Set([partitionOf(second)]));
  });

  test.each([
    `/spend/logs?start_date=${first}&end_date=${last}`,
    '/spend/tags',
    '/global/spend',
    '/global/spend/logs',
    '/global/spend/keys',
    '/global/spend/models',
    '/global/spend/teams',
    '/global/spend/all_tag_names',
    ...['report', 'provider', 'tags'].map(
      (name) => `/global/spend/${name}?start_date=${first}&end_date=${last}`,
    ),
    ...['', '/model', '/cache_hits'].map(
      (name) => `/global/activity${name}?start_date=${first}&end_date=${last}`,
    ),
    ...['user', 'team', 'tag', 'organization', 'customer', 'agent'].map(
      (name) => `/${name}/daily/activity?start_date=${first}&end_date=${last}`,
    ),
    `/user/daily/activity/aggregated?start_date=${first}&end_date=${last}`,
  ])('%s reads no calls at all', async (path) => {
    expect(await readsOf(path)).toEqual([]);
  });
});
