/** A LiteLLM database that the migrator is pointed at becomes ours: keys, budgets, spend and rows go on. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  dropOldSpend,
  insertSpendLogs,
  PostgresBudgets,
  type Prepared,
  picoFromUsd,
  prepareDatabase,
} from '../../gateway/index.ts';
import { type AdminGateway, inUtc, startAdminGateway } from '../harness/admin-gateway.ts';
import { hashed, litellmDatabase, type Plant } from '../harness/litellm-database.ts';
import { at, HASHED_MASTER, keys, NOW, rows, sealed } from '../harness/litellm-rows.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { spendRecord } from '../harness/spend-record.ts';

const runtimeRole = 'litellm';
const DAY = 86_400_000;

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 16 });
});
afterAll(() => server.stop());

async function query<R extends object>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function theirs(plant: Plant = rows, ...changes: string[]): Promise<TestDatabase> {
  const database = await server.createDatabase({ migrated: false });
  await litellmDatabase(database, plant);
  for (const change of changes) await query(database.ownerUrl, change);
  return database;
}

const takeOver = ({ ownerUrl }: TestDatabase): Promise<Prepared> =>
  prepareDatabase(ownerUrl, { runtimeRole, now: () => NOW });

describe('what was taken over', () => {
  let database: TestDatabase;
  let gateway: AdminGateway;
  let done: Prepared;
  /** The file that held LiteLLM's spend rows. */
  let file: string;
  beforeAll(async () => {
    database = await theirs(
      rows,
      `CREATE VIEW of_each_day AS SELECT DATE("startTime") AS date, SUM(spend) AS spend
       FROM "LiteLLM_SpendLogs" GROUP BY 1`,
      'CREATE VIEW "Last30dModelsBySpend" AS SELECT model, SUM(spend) FROM "LiteLLM_SpendLogs" GROUP BY 1',
      'CREATE VIEW of_their_columns AS SELECT tpd_limit FROM "LiteLLM_VerificationToken"',
      'CREATE TABLE notes_of_the_operator (token text REFERENCES "LiteLLM_VerificationToken")',
    );
    file = await fileOf('LiteLLM_SpendLogs');
    done = await takeOver(database);
    gateway = await startAdminGateway(database, { clock: () => NOW });
  });
  afterAll(() => gateway?.close());

  const ours = <R extends object>(text: string, ...values: unknown[]) =>
    query<R>(database.ownerUrl, text, values);
  async function fileOf(table: string): Promise<string> {
    const found = await ours<{ file: string }>(
      'SELECT relfilenode::text AS file FROM pg_class WHERE relname = $1',
      table,
    );
    return found[0]?.file ?? '';
  }
  const models = (key: string) => gateway.call('/v1/models', { key });
  const budgetOf = async (key: string) =>
    (await ours<Record<string, string>>('SELECT * FROM budget_state WHERE token = $1', hashed(key)))[0];

  test('the schema is the same as of a new database, beside tables that only LiteLLM has', async () => {
    const fresh = await server.createDatabase();
    const columns = `SELECT table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name !~ '_([0-9]{8}|taken_over)$' ORDER BY 1, 2`;
    const constraints = `SELECT conrelid::regclass::text AS table, conname, pg_get_constraintdef(oid) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`;
    for (const text of [columns, constraints]) {
      expect(await ours(text)).toEqual(expect.arrayContaining(await query(fresh.ownerUrl, text)));
    }
  });

  test('a second run changes nothing', async () => {
    expect(done.takenOver).toBeDefined();
    expect(await takeOver(database)).toEqual({ migrations: [], partitions: [] });
  });

  test.each([
    ['a key', keys.plain, 200],
    ['a key that was rotated and is in its grace', keys.inGrace, 200],
    ['what it has become', keys.rotated, 200],
    ['one whose grace is over', keys.afterGrace, 401],
    ['a blocked one', keys.blocked, 401],
    ['an expired one', keys.expired, 401],
    ['one that nobody had', 'sk-nobody', 401],
  ])('%s is answered as before', async (_title, key, status) => {
    expect((await models(key)).status).toBe(status);
  });

  test('a key acts for its user and its team', async () => {
    expect((await models(keys.plain)).body).toMatchObject({
      userId: 'ada',
      teamId: 'red',
      models: ['gpt-4o-mini'],
    });
  });

  test('what was spent is spent to the last digit of the float, and the reset is where it was', async () => {
    expect(await budgetOf(keys.budgeted)).toMatchObject({
      limit_pico: String(picoFromUsd(10)),
      spent_pico: '300000000000',
      resets_at: new Date(at(9)),
    });
    const budgets = await ours<{ scope: string; spent_pico: string }>(
      "SELECT scope, spent_pico FROM budget_state WHERE scope IN ('team:red', 'user:ada') ORDER BY 1",
    );
    expect(budgets).toEqual([{ scope: 'team:red', spent_pico: String(picoFromUsd(3.75)) }]);
  });

  test('a budget without a reset is counted on from its float when it is used, and so is a linked one', async () => {
    expect(await budgetOf(keys.spent)).toBeUndefined();
    expect((await models(keys.spent)).status).toBe(200);
    expect((await models(keys.linked)).status).toBe(200);
    expect(await budgetOf(keys.spent)).toMatchObject({ spent_pico: '1000000000001' });
    expect(await budgetOf(keys.linked)).toMatchObject({
      limit_pico: String(picoFromUsd(2)),
      spent_pico: String(picoFromUsd(1.5)),
      resets_at: new Date(at(9)),
    });
  });

  test('what members of a team may call holds', async () => {
    expect((await models(keys.plain)).body.team).toMatchObject({ memberModels: ['gpt-4o-mini'] });
  });

  test('what a member may spend in its organisation holds, from what it has spent', async () => {
    expect((await models(keys.plain)).body.budgets).toContain('organization_member:["org","ada"]');
    const [row] = await ours(`
      SELECT limit_pico, spent_pico FROM budget_state WHERE scope = 'organization_member:["org","ada"]'`);
    expect(row).toEqual({ limit_pico: String(picoFromUsd(2)), spent_pico: String(picoFromUsd(0.4)) });
  });

  test('calls add to it: key, user, team, member, organisation', async () => {
    const call = {
      apiKey: hashed(keys.plain),
      userId: 'ada',
      teamId: 'red',
      organizationId: 'org',
      endTime: NOW,
    };
    await insertSpendLogs(gateway.db, [spendRecord({ ...call, startTime: NOW, spend: picoFromUsd(0.1) })]);
    const ofEve = { ...call, apiKey: '', teamId: null, userId: 'eve', startTime: NOW };
    await insertSpendLogs(gateway.db, [spendRecord({ ...ofEve, spend: picoFromUsd(0.2) })]);
    expect((await gateway.call('/user/info?user_id=ada')).body.user_info.spend).toBe(0.5);
    expect((await gateway.call('/team/info?team_id=red')).body.team_info.spend).toBe(3.85);
    const [spent] = await ours(`
      SELECT (SELECT spend FROM "LiteLLM_OrganizationTable") AS org,
        (SELECT spend FROM "LiteLLM_TeamMembership" WHERE user_id = 'ada') AS member,
        (SELECT spend FROM "LiteLLM_OrganizationMembership" WHERE user_id = 'ada') AS org_member,
        (SELECT spend FROM "LiteLLM_OrganizationMembership" WHERE user_id = 'eve') AS eve`);
    expect(spent).toEqual({ org: 12.8, member: 0.5, org_member: 0.5, eve: 0.2 });
  });

  test('a period that was over already is begun anew', async () => {
    await new PostgresBudgets({ db: gateway.db, processId: randomUUID(), nextReset: inUtc }).sweep(NOW);
    expect(await budgetOf(keys.due)).toMatchObject({ spent_pico: '0', resets_at: new Date(at(0.5)) });
  });

  test('the spend table is a partition: its file is the same, only rows of today are elsewhere', async () => {
    expect(await fileOf('LiteLLM_SpendLogs_taken_over')).toBe(file);
    const where = await ours<{ name: string; count: number; spend: number }>(`
      SELECT tableoid::regclass::text AS name, count(*)::integer AS count FROM "LiteLLM_SpendLogs"
      WHERE request_id <> 'chatcmpl-new' AND litellm_row_id IS NULL GROUP BY 1 ORDER BY 1`);
    expect(where).toEqual([
      { name: '"LiteLLM_SpendLogs_20261121"', count: 8 },
      { name: '"LiteLLM_SpendLogs_default"', count: 1 },
      { name: '"LiteLLM_SpendLogs_taken_over"', count: 311 },
    ]);
  });

  test('calls of the master key are there under both of its names', async () => {
    const found = await ours(
      `SELECT api_key, count(*)::integer AS count FROM "LiteLLM_SpendLogs" WHERE api_key = ANY ($1)
       AND litellm_row_id IS NULL GROUP BY 1 ORDER BY 2`,
      ['litellm_proxy_master_key', HASHED_MASTER],
    );
    expect(found).toEqual([
      { api_key: HASHED_MASTER, count: 106 },
      { api_key: 'litellm_proxy_master_key', count: 107 },
    ]);
  });

  test('JSON that was serialised twice is JSON', async () => {
    const [found] = await ours(`
      SELECT (SELECT metadata FROM "LiteLLM_TeamTable" WHERE team_id = 'red') AS team,
        (SELECT metadata FROM "LiteLLM_UserTable" WHERE user_id = 'eve') AS user,
        (SELECT members_with_roles FROM "LiteLLM_TeamTable" WHERE team_id = 'empty') AS members,
        (SELECT updated_values FROM "LiteLLM_AuditLog" WHERE id = 'a') AS audit,
        (SELECT count(*)::integer FROM "LiteLLM_SpendLogs" WHERE jsonb_typeof(metadata) <> 'object') AS spend`);
    expect(found).toEqual({
      team: { note: 'twice' },
      user: { from: 'old' },
      members: [],
      audit: { user_id: 'ada' },
      spend: 0,
    });
  });

  test('days that stood in two rows are one, and exact', async () => {
    expect(
      await ours(
        `SELECT model, spend, spend_pico, api_requests, endpoint FROM "LiteLLM_DailyUserSpend" WHERE date = '2026-11-20'`,
      ),
    ).toEqual([
      { model: 'gpt-4o-mini', spend: 0.3, spend_pico: '300000000000', api_requests: '3', endpoint: '' },
    ]);
  });

  test('the built-in admin signs in with this machine’s initial password', async () => {
    const [admin] = await ours(
      `SELECT password, spend FROM "LiteLLM_UserTable" WHERE user_id = 'default_user_id'`,
    );
    expect(admin).toEqual({ password: null, spend: 1.5 });
  });

  test('models and credentials are there as they were sealed, in each of the three formats', async () => {
    const [found] = await ours(`
      SELECT (SELECT litellm_params FROM "LiteLLM_ProxyModelTable") AS model,
        (SELECT credential_values FROM "LiteLLM_CredentialsTable") AS credential,
        (SELECT param_value FROM "LiteLLM_Config") AS config`);
    expect(found).toEqual({
      model: { model: sealed.v3, api_base: sealed.legacy, rpm: 10 },
      credential: { api_key: sealed.v2 },
      config: { drop_params: true },
    });
  });

  test('tables that are none of ours stay, and point at ours', async () => {
    expect(await ours('SELECT id FROM "LiteLLM_JWTKeyMapping"')).toEqual([{ id: 'j' }]);
    expect(await ours('SELECT aliases FROM "LiteLLM_ModelTable"')).toEqual([
      { aliases: { fast: 'gpt-4o-mini' } },
    ]);
    await expect(ours("INSERT INTO notes_of_the_operator VALUES ('nobody')")).rejects.toMatchObject({
      code: '23503',
    });
    expect(await ours("SELECT FROM pg_namespace WHERE nspname = 'litellm_before'")).toEqual([]);
  });

  test('views that our tables serve are there; the others and columns that we lack are named', async () => {
    expect((await ours('SELECT * FROM of_each_day')).length).toBeGreaterThan(39);
    await ours('SELECT total_spend FROM "Last30dModelsBySpend"');
    expect(done.takenOver?.views).toEqual(['of_their_columns']);
    const missed = done.takenOver?.tables.flatMap(({ table, missed }) =>
      missed.map((name) => `${table}.${name}`),
    );
    expect(missed).toEqual([
      'LiteLLM_BudgetTable.tpd_limit',
      'LiteLLM_SpendLogs.litellm_call_id',
      'LiteLLM_SpendLogs.billing_agent_id',
    ]);
  });

  test('retention deletes the old rows of the partition', async () => {
    const { rows: gone } = await dropOldSpend(
      database.ownerUrl,
      { periodMs: 30 * DAY, intervalMs: DAY },
      { now: () => NOW },
    );
    expect(gone).toBe(71);
  });
});

test('an older LiteLLM without some tables and columns is taken over too', async () => {
  const database = await theirs(
    {
      LiteLLM_VerificationToken: rows.LiteLLM_VerificationToken ?? [],
      LiteLLM_BudgetTable: rows.LiteLLM_BudgetTable ?? [],
      LiteLLM_SpendLogs: rows.LiteLLM_SpendLogs ?? [],
    },
    'DROP TABLE "LiteLLM_DailyTagSpend", "LiteLLM_AuditLog", "LiteLLM_DeprecatedVerificationToken"',
    'ALTER TABLE "LiteLLM_VerificationToken" DROP COLUMN allowed_routes, DROP COLUMN rotation_count',
    'ALTER TABLE "LiteLLM_SpendLogs" DROP COLUMN session_id, DROP COLUMN status, DROP COLUMN request_duration_ms',
    'DROP INDEX "LiteLLM_SpendLogs_startTime_request_id_idx"',
  );
  expect((await takeOver(database)).takenOver).toBeDefined();
  expect(
    await query(
      database.ownerUrl,
      'SELECT count(*)::integer AS count, count(status)::integer AS told FROM "LiteLLM_SpendLogs"',
    ),
  ).toEqual([{ count: 320, told: 0 }]);
});

describe('a take-over that fails leaves everything as it was', () => {
  const state = async ({ ownerUrl }: TestDatabase) => [
    await query(
      ownerUrl,
      "SELECT relname, relkind, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY oid",
    ),
    await query(ownerUrl, 'SELECT * FROM "LiteLLM_SpendLogs" ORDER BY request_id'),
  ];

  test.each([
    [
      'an amount that is none',
      `UPDATE "LiteLLM_VerificationToken" SET spend = 'NaN' WHERE spend > 1`,
      /"LiteLLM_VerificationToken".spend is no amount in 2 rows/,
    ],
    [
      'a column of another type',
      'ALTER TABLE "LiteLLM_SpendLogs" ALTER COLUMN total_tokens TYPE bigint',
      /"LiteLLM_SpendLogs".total_tokens is of type bigint, not integer/,
    ],
    [
      'rows that do not fit',
      'ALTER TABLE "LiteLLM_TeamTable" ALTER COLUMN blocked TYPE text; UPDATE "LiteLLM_TeamTable" SET blocked = \'perhaps\'',
      /the rows of "LiteLLM_TeamTable" do not fit/,
    ],
    [
      'a row that points at nothing',
      `ALTER TABLE "LiteLLM_TeamMembership" DROP CONSTRAINT "LiteLLM_TeamMembership_budget_id_fkey";
       UPDATE "LiteLLM_TeamMembership" SET budget_id = 'gone'`,
      /"LiteLLM_TeamMembership" has rows that point at rows of "LiteLLM_BudgetTable" that are not there/,
    ],
  ])('because of %s, which is named', async (_title, change, message) => {
    const database = await theirs(rows, change);
    const before = await state(database);
    await expect(takeOver(database)).rejects.toThrow(message);
    expect(await state(database)).toEqual(before);
  });

  test('because LiteLLM is still connected', async () => {
    const database = await theirs();
    const litellm = new Client({ connectionString: database.runtimeUrl });
    await litellm.connect();
    await expect(takeOver(database)).rejects.toThrow(/1 connection is open \(litellm\): stop LiteLLM/);
    await litellm.end();
  });

  test('because another role owns the tables', async () => {
    const database = await theirs();
    await query(server.superuserUrl(database.name), 'ALTER TABLE "LiteLLM_Config" OWNER TO postgres');
    await expect(takeOver(database)).rejects.toThrow(/"LiteLLM_Config" belongs to the role postgres/);
  });
});

test('twenty starters take a database over once', async () => {
  const database = await theirs();
  const runs = await Promise.all(Array.from({ length: 20 }, () => takeOver(database)));
  expect(runs.filter(({ takenOver }) => takenOver !== undefined)).toHaveLength(1);
});
