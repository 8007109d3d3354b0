/** The budget that customers have by default: it is written once, and thousands of accounts follow it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { endUserBudget, insertSpendLogs, PostgresBudgets, picoFromUsd } from '../../gateway/index.ts';
import { until } from '../../packer/index.ts';
import { type AdminGateway, inUtc, startAdminGateway } from '../harness/admin-gateway.ts';
import { directPool } from '../harness/direct-pool.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

/** A Saturday noon. */
const NOW = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;
const MIDNIGHT = new Date('2026-11-22T00:00:00Z');
const NEXT = new Date('2026-11-23T00:00:00Z');
const BUDGET = 'free-tier';
const endUserDefault = { budgetId: BUDGET, maxBudget: 3 };

let server: PostgresServer;
let database: TestDatabase;
let gateway: AdminGateway;
let now = NOW;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
});
afterAll(() => server.stop());
beforeEach(async () => {
  now = NOW;
  database = await server.createDatabase();
  gateway = await startAdminGateway(database, { clock: () => now, endUserDefault });
  return () => gateway.close();
});

const ask = (path: string, body: object) => gateway.call(path, { body });
async function done(path: string, body: object) {
  const answer = await ask(path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}
const query = async (text: string, ...values: unknown[]) => (await gateway.db.query(text, values)).rows;
const usd = (amount: number): string => String(picoFromUsd(amount));
const account = async (userId: string) =>
  (await query('SELECT * FROM budget_state WHERE scope = $1', `end_user:${userId}`))[0] ?? null;
const endOfBudget = async () =>
  (await query('SELECT budget_reset_at FROM "LiteLLM_BudgetTable" WHERE budget_id = $1', BUDGET))[0]
    .budget_reset_at;

/** What a call does before it is made. */
const calls = (
  userId: string,
  fallback: Parameters<typeof endUserBudget>[2]['endUserDefault'] = endUserDefault,
) => endUserBudget(gateway.db, userId, { now, nextReset: inUtc, endUserDefault: fallback });
const spend = (endUser: string, amount: number) =>
  insertSpendLogs(gateway.db, [
    spendRecord({ userId: null, endUser, spend: picoFromUsd(amount), endTime: now, rowId: randomUUID() }),
  ]);
const sweep = (closing?: AbortSignal) =>
  new PostgresBudgets({
    db: gateway.db,
    processId: randomUUID(),
    nextReset: inUtc,
    endUserDefault,
  }).sweep(now, closing);
/** Aborted once it was asked so often. */
const abortedAfter = (asked: number) =>
  ({
    get aborted() {
      return asked-- <= 0;
    },
  }) as AbortSignal;
/** Customers as LiteLLM or an earlier version has left them: with what they have spent, and no account. */
const customers = (count: number, spent: number) =>
  query(
    `INSERT INTO "LiteLLM_EndUserTable" (user_id, spend) SELECT 'many-' || n, $2 FROM generate_series(1, $1::int) n`,
    count,
    spent,
  );
/** How many accounts the largest transaction has written last. */
async function largestTransaction(): Promise<number> {
  const [{ count } = { count: 0 }] = await query(
    'SELECT count(*)::int AS count FROM budget_state GROUP BY xmin::text ORDER BY 1 DESC LIMIT 1',
  );
  return count;
}

describe('a customer without a budget of its own', () => {
  test('gets an account with all that the budget says when it is first named', async () => {
    await done('/budget/new', {
      budget_id: BUDGET,
      max_budget: 5,
      soft_budget: 4,
      budget_duration: '1d',
      rpm_limit: 7,
      model_max_budget: { gpt: { max_budget: 1 } },
    });
    expect(await calls('acme')).toEqual({
      budgets: ['end_user:acme', 'model:["gpt","end_user:acme"]'],
      budgetId: BUDGET,
      limits: { requests: 7, tokens: null, parallel: null },
    });
    expect(await account('acme')).toMatchObject({
      limit_pico: usd(5),
      soft_pico: usd(4),
      duration: '1d',
      resets_at: MIDNIGHT,
    });
  });

  test('is held to the float of the configuration where the budget has no amount', async () => {
    await done('/budget/new', { budget_id: BUDGET, rpm_limit: 7 });
    expect((await calls('acme')).budgets).toEqual(['end_user:acme']);
    expect(await account('acme')).toMatchObject({ limit_pico: usd(3), duration: null });
  });

  test('has a period and a soft budget also where nothing limits it', async () => {
    const alone = { budgetId: BUDGET, maxBudget: null };
    await done('/budget/new', { budget_id: BUDGET, soft_budget: 4, budget_duration: '1d' });
    expect((await calls('acme', alone)).budgets).toEqual([]);
    expect(await account('acme')).toMatchObject({ limit_pico: null, soft_pico: usd(4), resets_at: MIDNIGHT });
  });

  test('follows when the configuration names another budget', async () => {
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5 });
    await done('/budget/new', { budget_id: 'other', max_budget: 5, budget_duration: '7d', soft_budget: 1 });
    await calls('acme');
    await spend('acme', 2);
    await calls('acme', { budgetId: 'other', maxBudget: null });
    expect(await account('acme')).toMatchObject({
      limit_pico: usd(5),
      soft_pico: usd(1),
      duration: '7d',
      spent_pico: usd(2),
    });
  });

  test('is refused where there is no such budget, but not one that has its own', async () => {
    await done('/customer/new', { user_id: 'own', max_budget: 1 });
    await expect(calls('acme')).rejects.toMatchObject({ code: 'no_default_budget', status: 503 });
    expect((await calls('own')).budgets).toEqual(['end_user:own']);
    expect(await account('acme')).toBeNull();
  });
});

test('the budget cannot be deleted while the configuration names it', async () => {
  await done('/budget/new', { budget_id: BUDGET, max_budget: 5 });
  const refused = await ask('/budget/delete', { id: BUDGET });
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain('max_end_user_budget_id');
});

test('the budget is not changed by way of a member that is linked to it', async () => {
  await done('/budget/new', { budget_id: BUDGET, max_budget: 5 });
  const [team_id, user_id] = ['team', 'ada'];
  await done('/team/new', { team_id, members_with_roles: [{ role: 'user', user_id }] });
  await query('UPDATE "LiteLLM_TeamMembership" SET budget_id = $1', BUDGET);
  await done('/team/member_update', { team_id, user_id, max_budget_in_team: 50 });
  expect(await done('/budget/info', { budgets: [BUDGET] })).toMatchObject([{ max_budget: 5 }]);
});

describe('thousands of customers', () => {
  test('follow a change page by page, with what they have spent; budgets of their own do not', async () => {
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5, budget_duration: '1d' });
    await customers(1100, 2);
    await query(
      `INSERT INTO budget_state (scope, limit_pico, spent_pico, duration, resets_at)
       SELECT 'end_user:' || user_id, 5e12, 2e12, '1d', $1 FROM "LiteLLM_EndUserTable"`,
      MIDNIGHT,
    );
    await done('/customer/new', { user_id: 'own', max_budget: 1 });
    await done('/budget/update', { budget_id: BUDGET, max_budget: 6, budget_duration: '7d', soft_budget: 4 });
    expect(
      await query(
        `SELECT limit_pico, soft_pico, spent_pico, duration, resets_at, count(*)::int FROM budget_state
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 6`,
      ),
    ).toMatchObject([
      { limit_pico: usd(1), count: 1 },
      {
        limit_pico: usd(6),
        soft_pico: usd(4),
        spent_pico: usd(2),
        duration: '7d',
        resets_at: NEXT,
        count: 1100,
      },
    ]);
    expect(await largestTransaction()).toBeLessThanOrEqual(500);
  });

  test('do not follow what no account says', async () => {
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5 });
    await calls('acme');
    const { updated_at } = await account('acme');
    await done('/budget/update', { budget_id: BUDGET, rpm_limit: 9 });
    expect((await account('acme')).updated_at).toEqual(updated_at);
    expect((await calls('acme')).limits).toMatchObject({ requests: 9 });
  });

  test('follow when they call where they could not before; the change holds, and says so', async () => {
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5 });
    await calls('acme');
    const owner = directPool(database.ownerUrl);
    await owner.query('ALTER TABLE budget_state ADD CONSTRAINT broken CHECK (limit_pico <> 6e12)');
    await done('/budget/update', { budget_id: BUDGET, max_budget: 6 });
    expect(gateway.logged()).toContain('have followed its change');
    await owner.query('ALTER TABLE budget_state DROP CONSTRAINT broken');
    await owner.end();
    await calls('acme');
    expect(await account('acme')).toMatchObject({ limit_pico: usd(6) });
  });

  test('are reset page by page, those without an account too, and each once', async () => {
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5, budget_duration: '1d' });
    await customers(1100, 2);
    await calls('known');
    await spend('known', 4);
    await done('/customer/new', { user_id: 'own', max_budget: 9 });
    await spend('own', 4);
    now = MIDNIGHT.getTime() + HOUR;
    await Promise.all([sweep(), sweep()]);
    const spent = await query(
      'SELECT spend, count(*)::int FROM "LiteLLM_EndUserTable" GROUP BY 1 ORDER BY 1',
    );
    expect(spent).toEqual([
      { spend: 0, count: 1101 },
      { spend: 4, count: 1 },
    ]);
    expect(await endOfBudget()).toEqual(NEXT);
    expect(await account('many-1')).toMatchObject({ limit_pico: usd(5), spent_pico: '0', resets_at: NEXT });
    expect(await largestTransaction()).toBeLessThanOrEqual(500);

    await spend('many-1', 1);
    await sweep();
    expect(await account('many-1')).toMatchObject({ spent_pico: usd(1), resets_at: NEXT });
  });

  test('are left between two pages by a process that ends, and the next one goes on', async () => {
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5, budget_duration: '1d' });
    await customers(1100, 2);
    now = MIDNIGHT.getTime() + HOUR;
    const progress = () => query('SELECT spent_pico, count(*)::int FROM budget_state GROUP BY 1 ORDER BY 1');
    await sweep(abortedAfter(1));
    expect(await progress()).toEqual([{ spent_pico: usd(2), count: 500 }]);
    expect(await endOfBudget()).toEqual(MIDNIGHT);
    // Three pages, the end of the budget, and 200 resets.
    await sweep(abortedAfter(5));
    expect(await progress()).toEqual([
      { spent_pico: '0', count: 200 },
      { spent_pico: usd(2), count: 900 },
    ]);
    await sweep();
    expect(await progress()).toEqual([{ spent_pico: '0', count: 1100 }]);
  });

  test('miss no reset where the budget became their default after they had spent', async () => {
    await calls('early', { budgetId: null, maxBudget: 3 });
    await spend('early', 2);
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5, budget_duration: '1d' });
    now = MIDNIGHT.getTime() + HOUR;
    await sweep();
    expect(await account('early')).toMatchObject({ spent_pico: '0', duration: '1d', resets_at: NEXT });
  });

  test('miss no reset by a change that comes before it was noticed', async () => {
    await done('/budget/new', { budget_id: BUDGET, max_budget: 5, budget_duration: '1d' });
    await customers(1100, 2);
    await calls('known');
    await spend('known', 4);
    now = MIDNIGHT.getTime() + HOUR;
    await spend('known', 1);
    // The last customer of the last page is held by somebody else, so that what is held meanwhile can be looked at.
    const other = await gateway.db.connect();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM "LiteLLM_EndUserTable" WHERE user_id = 'many-999' FOR UPDATE`);
    const change = done('/budget/update', { budget_id: BUDGET, max_budget: 6, budget_duration: '30d' });
    await until('the last page waits', 10_000, async () => {
      const waiting = await query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      expect(waiting).toHaveLength(1);
    });
    await other.query('SELECT 1 FROM "LiteLLM_BudgetTable" WHERE budget_id = $1 FOR UPDATE NOWAIT', [BUDGET]);
    expect(await query('SELECT count(*)::int FROM budget_state')).toEqual([{ count: 1000 }]);
    expect(await largestTransaction()).toBeLessThanOrEqual(500);
    await other.query('COMMIT');
    other.release();
    await change;
    const december = new Date('2026-12-01T00:00:00Z');
    const begun = { limit_pico: usd(6), duration: '30d', resets_at: december };
    expect(
      await query(
        `SELECT limit_pico, duration, resets_at, spent_pico, count(*)::int FROM budget_state
         GROUP BY 1, 2, 3, 4 ORDER BY 5`,
      ),
    ).toEqual([
      { ...begun, spent_pico: usd(1), count: 1 },
      { ...begun, spent_pico: '0', count: 1100 },
    ]);
  });
});
