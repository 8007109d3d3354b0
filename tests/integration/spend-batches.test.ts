import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSpendLogs, picoFromUsd, type SpendRecord } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { spendRecord as record, START } from '../harness/spend-record.ts';

describe.each([16, 17] as const)('PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let gateway: AdminGateway;

  beforeAll(async () => {
    server = await startPostgres({ major });
    gateway = await startAdminGateway(await server.createDatabase());
  });
  afterAll(async () => {
    await gateway.close();
    await server.stop();
  });

  const rowOf = async (requestId: string) => {
    const { rows } = await gateway.db.query('SELECT * FROM "LiteLLM_SpendLogs" WHERE request_id = $1', [
      requestId,
    ]);
    return rows;
  };
  const makeKey = async (): Promise<string> => (await gateway.call('/key/generate', { body: {} })).body.token;
  const spendOf = async (token: string): Promise<number> =>
    (await gateway.call(`/key/info?key=${token}`)).body.info.spend;

  test.each<[string, Partial<SpendRecord>]>([
    ['an end user too long for its index', { endUser: randomBytes(3000).toString('base64') }],
    ['an id too long for its index', { requestId: randomBytes(3000).toString('base64') }],
  ])('%s does not hold up its batch, and its cost reaches its key', async (what, odd) => {
    const token = await makeKey();
    const calls = [0, 1, 2, 3, 4].map((number) =>
      record({ requestId: `${what}-${number}`, callId: `${what}-call-${number}`, apiKey: token }),
    );
    const [first, second, third, ...rest] = calls as [SpendRecord, SpendRecord, SpendRecord];
    const batch = [first, second, { ...third, ...odd }, ...rest];
    await insertSpendLogs(gateway.db, batch);
    await insertSpendLogs(gateway.db, batch);
    for (const { requestId } of [first, second, ...rest]) expect(await rowOf(requestId)).toHaveLength(1);
    expect(await rowOf(third.callId)).toMatchObject([
      { spend: 0.25, end_user: null, session_id: third.callId },
    ]);
    expect(await spendOf(token)).toBe(1.25);
  });

  test('a call becomes one row with LiteLLM\u2019s columns', async () => {
    await insertSpendLogs(gateway.db, [record({ requestId: 'row' })]);
    expect(await rowOf('row')).toMatchObject([
      {
        call_type: 'acompletion',
        api_key: 'litellm_proxy_master_key',
        spend: 0.25,
        total_tokens: 12,
        prompt_tokens: 7,
        completion_tokens: 5,
        startTime: new Date(START),
        completionStartTime: new Date(START + 40),
        endTime: new Date(START + 1500),
        request_duration_ms: 1500,
        model: 'gpt-test-2026',
        model_id: 'deployment-1',
        model_group: 'gpt-test',
        custom_llm_provider: 'openai',
        api_base: 'https://provider.example/v1',
        user: 'ada',
        cache_hit: 'False',
        cache_key: 'Cache OFF',
        request_tags: [],
        messages: {},
        response: {},
        status: 'success',
        metadata: {
          user_api_key: 'litellm_proxy_master_key',
          usage_object: { total_tokens: 12 },
          error_information: null,
        },
      },
    ]);
  });

  test('a failed call keeps its error and no stack trace', async () => {
    const error = { code: '429', class: 'RateLimitError', message: 'slow\u0000down' };
    await insertSpendLogs(gateway.db, [record({ requestId: 'failed', spend: 0n, status: 'failure', error })]);
    const [row] = await rowOf('failed');
    expect(row).toMatchObject({ status: 'failure', spend: 0 });
    expect(row.metadata.error_information).toEqual({
      error_code: '429',
      error_class: 'RateLimitError',
      llm_provider: 'openai',
      error_message: 'slow\ufffddown',
      traceback: '',
    });
  });

  test.each([
    ['NUL', 'a\u0000b', 'a\ufffdb'],
    ['half a surrogate pair', 'a\ud83db', 'a\ufffdb'],
    ['a backslash before what looks like an escape', 'a\\u0000b', 'a\\u0000b'],
    ['quotes, braces and a whole surrogate pair', '"{a},\\\ud83d\ude00', '"{a},\\\ud83d\ude00'],
  ])('%s in texts of others stops no batch', async (title, sent, stored) => {
    const error = { code: '500', class: 'InternalServerError', message: sent };
    const requestId = `text-${title}`;
    await insertSpendLogs(gateway.db, [record({ requestId, endUser: sent, status: 'failure', error })]);
    const [row] = await rowOf(requestId);
    expect(row.end_user).toBe(stored);
    expect(row.metadata.error_information.error_message).toBe(stored);
  });

  test('a row of any length is stored whole', async () => {
    const message = '\u20ac'.repeat(20_000);
    const error = { code: '500', class: 'InternalServerError', message };
    const batch = ['long-1', 'long-2'].map((requestId) => record({ requestId, status: 'failure', error }));
    await insertSpendLogs(gateway.db, batch);
    for (const { requestId } of batch) {
      const [row] = await rowOf(requestId);
      expect(row.metadata.error_information.error_message).toBe(message);
    }
  });

  test('a batch sent twice is stored and billed once', async () => {
    const [first, second] = [await makeKey(), await makeKey()];
    const third = record({ requestId: 'twice-3', apiKey: second, spend: picoFromUsd(2) });
    const batch = [
      record({ requestId: 'twice-1', apiKey: first, spend: picoFromUsd(0.5) }),
      record({ requestId: 'twice-2', apiKey: first, spend: picoFromUsd(0.25) }),
      third,
      third,
    ];
    await insertSpendLogs(gateway.db, batch);
    await insertSpendLogs(gateway.db, [
      ...batch,
      record({ requestId: 'twice-4', apiKey: second, spend: picoFromUsd(1) }),
    ]);
    expect([await spendOf(first), await spendOf(second)]).toEqual([0.75, 3]);
  });

  test('a batch that is being stored elsewhere at the same time is stored and billed once', async () => {
    const key = await makeKey();
    const batch = Array.from({ length: 600 }, (_, index) =>
      record({ requestId: `raced-${index}`, apiKey: key, spend: picoFromUsd(0.5) }),
    );
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, () => insertSpendLogs(gateway.db, batch)),
    );
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    await insertSpendLogs(gateway.db, batch);
    expect(await spendOf(key)).toBe(300);
    const { rows } = await gateway.db.query(
      `SELECT count(*) FROM "LiteLLM_SpendLogs" WHERE request_id LIKE 'raced-%'`,
    );
    expect(rows).toEqual([{ count: 600 }]);
  });

  test('calls of one millisecond that their provider gave one id are rows of their own', async () => {
    const key = await makeKey();
    const batch = ['odd\u0000id', 'odd\ufffdid', 'odd\ufffdid'].map((requestId) =>
      record({ requestId, apiKey: key, spend: picoFromUsd(0.5) }),
    );
    await insertSpendLogs(gateway.db, batch);
    await insertSpendLogs(gateway.db, batch);
    const stored = await rowOf('odd\ufffdid');
    expect(stored.map(({ litellm_row_id }) => litellm_row_id).sort()).toEqual(
      batch.map(({ rowId }) => rowId).sort(),
    );
    expect(await spendOf(key)).toBe(1.5);
  });

  test('an estimated call says so, and no other does', async () => {
    await insertSpendLogs(gateway.db, [
      record({ requestId: 'guessed', estimated: true }),
      record({ requestId: 'counted' }),
    ]);
    const [[guessed], [counted]] = [await rowOf('guessed'), await rowOf('counted')];
    expect(guessed.metadata.estimated).toBe(true);
    expect(counted.metadata).not.toHaveProperty('estimated');
  });

  test('a connection that breaks under a batch leaves nothing of it', async () => {
    const key = await makeKey();
    const batch = Array.from({ length: 2000 }, (_, index) =>
      record({ requestId: `cut-${index}`, apiKey: key }),
    );
    const blocker = await gateway.db.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('SELECT 1 FROM "LiteLLM_VerificationToken" WHERE token = $1 FOR UPDATE', [key]);
      // The batch has its rows by the time it waits for the key.
      const broken = expect(insertSpendLogs(gateway.db, batch)).rejects.toMatchObject({
        code: 'database_unavailable',
      });
      const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query LIKE '%"LiteLLM_VerificationToken" o%FOR NO KEY UPDATE%'`;
      await expect.poll(async () => (await gateway.db.query(cut)).rowCount).toBe(1);
      await broken;
    } finally {
      blocker.release(true);
    }
    expect(await rowOf('cut-0')).toEqual([]);
    await insertSpendLogs(gateway.db, batch);
    expect(await spendOf(key)).toBe(500);
  });

  test.each([
    ['session_id', "session_id = 'a'"],
    ['end_user', "end_user = 'a'"],
    ['request_id', "request_id = 'a'"],
    [
      'litellm_row_id_startTime',
      `litellm_row_id = '00000000-0000-7000-8000-000000000001' AND "startTime" = now()`,
    ],
    ['startTime_request_id', `"startTime" > now() - interval '1 hour'`],
  ])('a day\u2019s rows are found by an index: %s', async (index, condition) => {
    const client = await gateway.db.connect();
    try {
      await client.query('SET enable_seqscan = off');
      const { rows } = await client.query(
        `EXPLAIN SELECT * FROM "LiteLLM_SpendLogs_default" WHERE ${condition}`,
      );
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain(`LiteLLM_SpendLogs_default_${index}`);
    } finally {
      client.release(true);
    }
  });

  test('batches at the same time over the same keys all arrive', async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, makeKey));
    const batches = Array.from({ length: 20 }, (_, batch) =>
      keys
        .map((apiKey, index) =>
          record({ requestId: `crowd-${batch}-${index}`, apiKey, spend: picoFromUsd(0.5) }),
        )
        .sort(() => (batch % 2 === 0 ? 1 : -1)),
    );
    await Promise.all(batches.map((batch) => insertSpendLogs(gateway.db, batch)));
    expect(await Promise.all(keys.map(spendOf))).toEqual(keys.map(() => 10));
  });

  test('a number that our own code got wrong is an error of its own, and no other call waits for it', async () => {
    const key = await makeKey();
    const batch = [
      record({ requestId: 'half', apiKey: key }),
      record({ requestId: 'bad', apiKey: key, promptTokens: 2 ** 40 }),
    ];
    await expect(insertSpendLogs(gateway.db, batch)).rejects.toThrow(RangeError);
    expect(await rowOf('half')).toHaveLength(1);
    expect(await rowOf('bad')).toEqual([]);
    expect(await spendOf(key)).toBe(0.25);
  });

  test('a call that no row can hold is named to who asked for that, and the batch is stored without it', async () => {
    const key = await makeKey();
    const wrong = record({ requestId: 'wrong', apiKey: key, promptTokens: 2 ** 40 });
    const batch = [
      record({ requestId: 'right', apiKey: key }),
      wrong,
      record({ requestId: 'too', apiKey: key }),
    ];
    const left: string[] = [];
    await insertSpendLogs(gateway.db, batch, { unstorable: ({ rowId }) => void left.push(rowId) });
    expect(left).toEqual([wrong.rowId]);
    expect(await spendOf(key)).toBe(0.5);
  });

  test('a call outside the made days lands in the default partition', async () => {
    await insertSpendLogs(gateway.db, [record({ requestId: 'old', startTime: 0, endTime: 1 })]);
    const { rows } = await gateway.db.query(
      `SELECT tableoid::regclass::text AS partition FROM "LiteLLM_SpendLogs" WHERE request_id = 'old'`,
    );
    expect(rows).toEqual([{ partition: '"LiteLLM_SpendLogs_default"' }]);
  });

  test('an empty batch asks the database nothing', async () => {
    await expect(insertSpendLogs(gateway.db, [])).resolves.toBeUndefined();
  });
});
