/** What the journal counts beside the rows, in LiteLLM's tables of each day. */
import fc from 'fast-check';
import type { Pool, PoolClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { insertSpendLogs, openPool, SILENT, type SpendRecord } from '../../gateway/index.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { startFakeProvider } from '../harness/fake-provider.ts';
import { startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { START, spendRecord } from '../harness/spend-record.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let server: PostgresServer;
let db: Pool;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  db = openPool((await server.createDatabase()).runtimeUrl, { max: 8 });
});
afterAll(async () => {
  await db?.end();
  await server?.stop();
});

/** Each table, by the column that says for whom it counts, and whom a call counts for there. */
const tables: Readonly<Record<string, readonly [string, (call: SpendRecord) => readonly (string | null)[]]>> =
  {
    LiteLLM_DailyUserSpend: ['user_id', ({ userId }) => [userId ?? '']],
    LiteLLM_DailyTeamSpend: ['team_id', ({ teamId }) => [teamId]],
    LiteLLM_DailyOrganizationSpend: ['organization_id', ({ organizationId }) => [organizationId]],
    LiteLLM_DailyAgentSpend: ['agent_id', ({ agentId }) => [agentId]],
    LiteLLM_DailyEndUserSpend: ['end_user_id', ({ endUser }) => [endUser]],
    LiteLLM_DailyTagSpend: ['tag', ({ caller }) => caller.tags],
  };

const FIGURES = [
  'spend_pico',
  'prompt_tokens',
  'completion_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'api_requests',
  'successful_requests',
  'failed_requests',
] as const;

const figuresOf = (call: SpendRecord): readonly bigint[] => {
  const success = call.status === 'success' ? 1n : 0n;
  const { cached_tokens: read = 0, cache_write_tokens: written = 0 } = (call.usage?.prompt_tokens_details ??
    {}) as Record<string, number>;
  return [
    call.spend,
    ...[call.promptTokens, call.completionTokens, read, written].map(BigInt),
    1n,
    success,
    1n - success,
  ];
};

/** What a table should hold of some calls: for each of its keys the sum of each figure. */
function expected(calls: readonly SpendRecord[], whoms: (call: SpendRecord) => readonly (string | null)[]) {
  const sums = new Map<string, readonly bigint[]>();
  for (const call of calls) {
    const date = new Date(call.startTime).toISOString().slice(0, 10);
    for (const whom of whoms(call)) {
      if (whom === null) continue;
      const key = [whom, date, call.apiKey, call.model].join(' ');
      const figures = figuresOf(call);
      const before = sums.get(key);
      sums.set(
        key,
        before === undefined ? figures : before.map((sum, index) => sum + (figures[index] ?? 0n)),
      );
    }
  }
  return sums;
}

async function held(table: string, whom: string, models: readonly string[]) {
  const { rows } = await db.query(
    `SELECT ${whom} AS whom, date, api_key, model, ${FIGURES.map((name) => `${name}::text`).join(', ')}
     FROM "${table}" WHERE model = ANY ($1)`,
    [models],
  );
  return new Map(
    rows.map((row) => [
      [row.whom, row.date, row.api_key, row.model].join(' '),
      FIGURES.map((name) => BigInt(row[name])),
    ]),
  );
}

/**
 * The pool as a gateway has it that is cut off at one of its statements: before the server had it, or after, when its answer
 * is lost.
 */
function cutOffAt(statement: number, answered: boolean): Pool {
  let left = statement;
  const cut = (client: PoolClient): PoolClient =>
    new Proxy(client, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name !== 'query') return typeof value === 'function' ? value.bind(target) : value;
        return (...args: unknown[]) => {
          if (--left !== 0) return Reflect.apply(value, target, args);
          // A COPY is awaited by its `end`.
          const answer = answered ? Reflect.apply(value, target, args) : Promise.resolve();
          const lost = Promise.resolve((answer as { end?: unknown }).end ?? answer).then(() =>
            Promise.reject(new Error('cut off')),
          );
          return Object.assign(lost, { end: lost });
        };
      },
    });
  return { connect: async () => cut(await db.connect()) } as unknown as Pool;
}

/** Each run of the property has models of its own, and so rows of its own. */
let runs = 0;

const someCall = fc.record({
  model: fc.constantFrom('small', 'large'),
  apiKey: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
  userId: fc.constantFrom('ada', 'bob', null),
  teamId: fc.constantFrom('red', null),
  organizationId: fc.constantFrom('org', null),
  agentId: fc.constantFrom('agent', null),
  endUser: fc.constantFrom('customer', 'other', null),
  tags: fc.uniqueArray(fc.constantFrom('blue', 'green', 'two words')),
  spend: fc.oneof(fc.constant(0n), fc.bigInt(1n, 10n ** 17n)),
  promptTokens: fc.nat(1000),
  completionTokens: fc.nat(1000),
  cached: fc.nat(500),
  failed: fc.boolean(),
  logged: fc.boolean(),
  day: fc.nat(3),
});

const step = fc.record({
  calls: fc.array(fc.nat(11), { minLength: 1, maxLength: 8 }),
  how: fc.constantFrom('once', 'twice', 'at the same time', 'cut off', 'unanswered'),
  statement: fc.integer({ min: 1, max: 14 }),
});

test('sums over the days are the sums over the calls, whatever is sent again and wherever it is cut off', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(someCall, { minLength: 12, maxLength: 12 }),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      async (drawn, steps) => {
        const run = ++runs;
        const calls = drawn.map(({ tags, cached, failed, day, model, ...call }, index) =>
          spendRecord({
            ...call,
            requestId: `${run}-${index}`,
            model: `${model}-${run}`,
            caller: { ...SILENT, tags },
            usage: {
              prompt_tokens: call.promptTokens,
              completion_tokens: call.completionTokens,
              prompt_tokens_details: { cached_tokens: Math.min(cached, call.promptTokens) },
            },
            status: failed ? 'failure' : 'success',
            startTime: START + day * DAY_MS,
            endTime: START + day * DAY_MS + 1000,
          }),
        );
        const sent = new Set<SpendRecord>();
        for (const { calls: chosen, how, statement } of steps) {
          const batch = chosen.map((index) => calls[index] as SpendRecord);
          for (const call of batch) sent.add(call);
          if (how === 'cut off' || how === 'unanswered') {
            await insertSpendLogs(cutOffAt(statement, how === 'unanswered'), batch).catch(() => undefined);
          } else if (how === 'at the same time') {
            await Promise.allSettled([insertSpendLogs(db, batch), insertSpendLogs(db, batch.toReversed())]);
          } else if (how === 'twice') {
            await insertSpendLogs(db, batch);
          }
          await insertSpendLogs(db, batch);
        }
        const models = [`small-${run}`, `large-${run}`];
        for (const [table, [whom, whoms]] of Object.entries(tables)) {
          expect(await held(table, whom, models), table).toEqual(expected([...sent], whoms));
        }
        const { rows } = await db.query('SELECT request_id FROM "LiteLLM_SpendLogs" WHERE model = ANY ($1)', [
          models,
        ]);
        const logged = [...sent].filter((call) => call.logged);
        expect(rows.map(({ request_id }) => request_id).sort()).toEqual(
          logged.map(({ requestId }) => requestId).sort(),
        );
      },
    ),
    { numRuns: 25 },
  );
});

test('the float that LiteLLM reads is the nearest to the exact sum', async () => {
  const call = { model: 'float', userId: 'float', spend: 100_000_000_000n } as const;
  await insertSpendLogs(
    db,
    Array.from({ length: 3 }, () => spendRecord(call)),
  );
  const { rows } = await db.query(`SELECT spend FROM "LiteLLM_DailyUserSpend" WHERE user_id = 'float'`);
  expect(rows).toEqual([{ spend: 0.3 }]);
});

test('names that no index takes, or no text, count under what can be kept of them', async () => {
  const long = 'x'.repeat(3000);
  const tags = [`${long}1`, `${long}2`, 'nul\u0000', 'nul\ufffd', 'half\ud83d'];
  await insertSpendLogs(db, [spendRecord({ model: 'odd', userId: long, caller: { ...SILENT, tags } })]);
  const { rows } = await db.query(
    `SELECT tag, api_requests FROM "LiteLLM_DailyTagSpend" WHERE model = 'odd' ORDER BY tag`,
  );
  expect(rows).toEqual(
    ['half\ufffd', 'nul\ufffd', long.slice(0, 400)].map((tag) => ({ tag, api_requests: 1 })),
  );
});

test('where calls leave no rows, what they cost counts for their key and on their day', async () => {
  const database = await server.createDatabase();
  await using provider = await startFakeProvider();
  await using gateway = await startGateway({
    database,
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: { proxy_batch_write_at: 0.05, disable_spend_logs: true },
      model_list: [
        deployment('priced', provider.url, { input_cost_per_token: 3e-6, output_cost_per_token: 11e-6 }),
      ],
    }),
  });
  const { key, token } = (await manage(gateway.url, '/key/generate', { models: ['priced'] })) as {
    key: string;
    token: string;
  };
  const answer = await postChat({ url: gateway.url, key, body: { model: 'priced', messages: MESSAGES } });
  const cost = Number(answer.headers.get('x-litellm-response-cost'));
  await gateway.stop();
  const pool = openPool(database.runtimeUrl, { max: 1 });
  const { rows } = await pool.query(
    `SELECT k.spend AS key, d.spend AS day, (SELECT count(*)::integer FROM "LiteLLM_SpendLogs") AS rows
     FROM "LiteLLM_VerificationToken" k JOIN "LiteLLM_DailyUserSpend" d ON d.api_key = k.token WHERE k.token = $1`,
    [token],
  );
  await pool.end();
  expect(cost).toBeGreaterThan(0);
  expect(rows).toEqual([{ key: cost, day: cost, rows: 0 }]);
});

test('batches that count for the same in opposite orders do not block each other', async () => {
  const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
  const batches = Array.from({ length: 8 }, (_, batch) => {
    const calls = users.map((userId) =>
      spendRecord({ model: 'crossed', userId, caller: { ...SILENT, tags: users } }),
    );
    return batch % 2 === 0 ? calls : calls.toReversed();
  });
  await Promise.all(batches.map((batch) => insertSpendLogs(db, batch)));
  const { rows } = await db.query(
    `SELECT sum(api_requests)::integer AS calls, count(*)::integer AS users FROM "LiteLLM_DailyUserSpend"
     WHERE model = 'crossed'`,
  );
  expect(rows).toEqual([{ calls: 8 * 40, users: 40 }]);
});
