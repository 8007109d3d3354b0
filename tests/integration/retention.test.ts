/** Old days of spend rows go, by the owner's command; what they cost stays counted. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, type Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  dropOldSpend,
  insertSpendLogs,
  openPool,
  prepareDatabase,
  preparePartitions,
  type SpendRecord,
} from '../../gateway/index.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { migrateProgram } from '../harness/programs.ts';
import { spendRecord } from '../harness/spend-record.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOON = Date.UTC(2026, 10, 21, 12);
/** Partitions begin here. */
const FIRST = NOON - 10 * DAY;
const days = (count: number) => ({ periodMs: count * DAY, intervalMs: DAY });
const at = (now: number) => ({ now: () => now });

let server: PostgresServer;
let directory: string;
let ownerUrl: string;
let owner: Client;
let db: Pool;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  directory = await mkdtemp(join(tmpdir(), 'retention-'));
  const database = await server.createDatabase({ migrated: false });
  ownerUrl = database.ownerUrl;
  await prepareDatabase(ownerUrl, { runtimeRole: 'litellm', ...at(FIRST) });
  owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  db = openPool(database.runtimeUrl, { max: 4 });
});
/** Every day is there again, and empty. */
beforeEach(async () => {
  await preparePartitions(ownerUrl, at(FIRST));
  await owner.query('TRUNCATE "LiteLLM_SpendLogs", "LiteLLM_DailyUserSpend", counted_calls');
});
afterAll(async () => {
  await owner?.end();
  await db?.end();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function partitions(): Promise<string[]> {
  const { rows } = await db.query(
    `SELECT relname FROM pg_class WHERE relname ~ '^LiteLLM_SpendLogs_[0-9]{8}$' ORDER BY 1`,
  );
  return rows.map(({ relname }) => relname);
}

async function count(table: string): Promise<number> {
  return (await db.query(`SELECT count(*)::integer AS count FROM "${table}"`)).rows[0].count;
}

/** A call so many days before NOON, by an id that its gateway made then. */
function call(daysAgo: number, overrides: Partial<SpendRecord> = {}): SpendRecord {
  const startTime = NOON - daysAgo * DAY;
  const made = startTime.toString(16).padStart(12, '0');
  const random = Math.random().toString(16).slice(2, 14).padEnd(12, '0');
  const rowId = `${made.slice(0, 8)}-${made.slice(8)}-7000-8000-${random}`;
  return spendRecord({ rowId, startTime, endTime: startTime + 1000, ...overrides });
}

test('days before the period are dropped, no other one, and a second run finds nothing', async () => {
  await insertSpendLogs(db, [call(10), call(4), call(3), call(2), call(0)]);
  const first = await dropOldSpend(ownerUrl, days(3), at(NOON));
  expect(first.partitions[0]).toBe('LiteLLM_SpendLogs_20261111');
  expect(first.partitions.at(-1)).toBe('LiteLLM_SpendLogs_20261117');
  // The period begins at noon of the 18th, and that day is kept whole.
  expect((await partitions())[0]).toBe('LiteLLM_SpendLogs_20261118');
  expect(await count('LiteLLM_SpendLogs')).toBe(3);
  expect(await dropOldSpend(ownerUrl, days(3), at(NOON))).toEqual({ partitions: [], rows: 0 });
  expect(await count('LiteLLM_DailyUserSpend')).toBe(5);
});

test('old rows that no day took are deleted, newer ones stay', async () => {
  await insertSpendLogs(db, [call(500), call(500), call(-100)]);
  expect(await count('LiteLLM_SpendLogs_default')).toBe(3);
  expect(await dropOldSpend(ownerUrl, days(400), at(NOON))).toEqual({
    partitions: [],
    rows: 2,
  });
  expect(await count('LiteLLM_SpendLogs_default')).toBe(1);
});

test('without a period every row stays', async () => {
  await insertSpendLogs(db, [call(10)]);
  await dropOldSpend(ownerUrl, null, at(NOON + 5000 * DAY));
  expect(await count('LiteLLM_SpendLogs')).toBe(1);
});

test('a call whose row was dropped and that a journal sends again costs nothing again, and leaves no row', async () => {
  const dropped = [call(5), call(500)];
  await insertSpendLogs(db, dropped);
  await dropOldSpend(ownerUrl, days(3), at(NOON));
  const late = call(6);
  await insertSpendLogs(
    db,
    [...dropped, late].filter((sent) => sent !== dropped[1]),
  );
  const { rows } = await db.query('SELECT litellm_row_id FROM "LiteLLM_SpendLogs"');
  expect(rows).toEqual([{ litellm_row_id: late.rowId }]);
  const sums = await db.query('SELECT sum(api_requests)::integer AS calls FROM "LiteLLM_DailyUserSpend"');
  expect(sums.rows).toEqual([{ calls: 3 }]);
});

test('calls that are stored while their day is dropped count once, and none is lost', async () => {
  const calls = Array.from({ length: 300 }, () => call(5));
  await insertSpendLogs(db, calls.slice(0, 100));
  const store = async () => {
    for (let from = 0; from < calls.length; from += 20) {
      const batch = calls.slice(from, from + 20);
      await insertSpendLogs(db, batch).catch(() => insertSpendLogs(db, batch));
    }
  };
  const drop = async () => {
    for (let run = 0; run < 5; run++) await dropOldSpend(ownerUrl, days(3), at(NOON));
  };
  await Promise.all([store(), store(), drop()]);
  const { rows } = await db.query('SELECT sum(api_requests)::integer AS calls FROM "LiteLLM_DailyUserSpend"');
  expect(rows).toEqual([{ calls: 300 }]);
});

test('ids of calls without a row are forgotten when no journal can hold them any more', async () => {
  await insertSpendLogs(db, [call(91, { logged: false }), call(89, { logged: false })]);
  expect(await count('counted_calls')).toBe(2);
  await dropOldSpend(ownerUrl, null, at(NOON));
  expect(await count('counted_calls')).toBe(1);
});

test("the gateway's role cannot drop a day", async () => {
  await expect(db.query('DROP TABLE "LiteLLM_SpendLogs_20261111"')).rejects.toMatchObject({
    code: '42501',
  });
});

async function command(config: string | null, url: string) {
  const path = join(directory, 'config.yaml');
  if (config !== null) await writeFile(path, config);
  const env = { DATABASE_OWNER_URL: url, ...(config !== null && { LITELLM_CONFIG: path }) };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [migrateProgram, 'retention'], {
      env,
    });
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('the command takes the period from the configuration', async () => {
  const setting = 'general_settings: { maximum_spend_logs_retention_period: 1d }';
  // Its clock is the real one, whatever that says: rows of the year 1970 are old, and rows of the year 2500 are not.
  await insertSpendLogs(db, [call(0, { startTime: 0 }), call(0, { startTime: Date.UTC(2500, 0, 1) })]);
  expect((await command(setting, ownerUrl)).stdout).toContain('rows outside of them: 1\n');
  expect((await command(setting, ownerUrl)).stdout).toBe(
    'dropped partitions: none; rows outside of them: 0\n',
  );
  expect(await count('LiteLLM_SpendLogs')).toBe(1);
  const audit = 'general_settings: { maximum_audit_logs_retention_period: 30d }';
  expect((await command(audit, ownerUrl)).stdout).toContain('deleted rows of the audit log: 0\n');
});

test.each([
  [
    'a period that is none',
    'general_settings: { maximum_spend_logs_retention_period: soon }',
    "nothing was dropped: general_settings.maximum_spend_logs_retention_period: 'soon' is no duration",
  ],
  ['no configuration', null, 'LITELLM_CONFIG is not set'],
])('the command refuses %s', async (_title, config, reason) => {
  await insertSpendLogs(db, [call(0, { startTime: 0 })]);
  expect(await command(config, ownerUrl)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(reason),
  });
  expect(await count('LiteLLM_SpendLogs')).toBe(1);
});
