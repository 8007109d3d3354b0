import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  applyMigrations,
  migrations,
  openPool,
  prepareDatabase,
  preparePartitions,
  requireSchema,
} from '../../gateway/index.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const runtimeRole = 'litellm';
const NOON = Date.UTC(2026, 10, 21, 12);

async function query<R extends object>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}

describe.each([16, 17] as const)('PostgreSQL %i', (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
  });
  afterAll(() => server.stop());

  const empty = (): Promise<TestDatabase> => server.createDatabase({ migrated: false });

  test('the server is of the major that was asked for', async () => {
    const [row] = await query<{ server_version: string }>(server.superuserUrl(), 'SHOW server_version');
    expect(Number.parseInt(row?.server_version ?? '', 10)).toBe(major);
  });

  test('twenty starters at once apply each migration once', async () => {
    const { ownerUrl } = await empty();
    const runs = await Promise.all(
      Array.from({ length: 20 }, () => prepareDatabase(ownerUrl, { runtimeRole })),
    );
    const applied = runs.flatMap(({ migrations }) => migrations);
    const stored = await query<{ name: string }>(
      ownerUrl,
      'SELECT name FROM schema_migrations ORDER BY number',
    );
    expect(applied).toEqual(stored.map(({ name }) => name));
    expect(applied.length).toBeGreaterThan(0);
    expect(await prepareDatabase(ownerUrl, { runtimeRole })).toEqual({ migrations: [], partitions: [] });
  });

  test('a changed old migration is refused by name', async () => {
    const { ownerUrl } = await server.createDatabase();
    await query(ownerUrl, "UPDATE schema_migrations SET hash = 'another' WHERE number = 2");
    await expect(prepareDatabase(ownerUrl, { runtimeRole })).rejects.toThrow(
      /step 2 \(0002-users\.sql\).*migration was changed/,
    );
  });

  test('a newer database is refused by migrator and gateway', async () => {
    const { ownerUrl, runtimeUrl } = await server.createDatabase();
    await query(ownerUrl, "INSERT INTO schema_migrations VALUES (99, '0099-later.sql', 'later')");
    await expect(prepareDatabase(ownerUrl, { runtimeRole })).rejects.toThrow(/install the newer program/);
    const pool = openPool(runtimeUrl, { max: 1 });
    await expect(requireSchema(pool)).rejects.toThrow(/install the newer program/);
    await pool.end();
  });

  test.each([
    ['never migrated', 'SELECT 1', false],
    [
      'one step behind',
      'DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)',
      true,
    ],
  ])('the gateway refuses a database that was %s and says what to run', async (_title, text, migrated) => {
    const { ownerUrl, runtimeUrl } = await server.createDatabase({ migrated });
    await query(ownerUrl, text);
    const pool = openPool(runtimeUrl, { max: 1 });
    await expect(requireSchema(pool)).rejects.toThrow(/systemctl start litellm-migrate/);
    await pool.end();
  });

  test('the gateway accepts the schema that the migrator made', async () => {
    const { runtimeUrl } = await server.createDatabase();
    const pool = openPool(runtimeUrl, { max: 1 });
    await expect(requireSchema(pool)).resolves.toBeUndefined();
    await pool.end();
  });

  test('tables of another program are left alone and named', async () => {
    const { ownerUrl } = await empty();
    await query(ownerUrl, 'CREATE TABLE "LiteLLM_VerificationToken" (token text PRIMARY KEY)');
    await expect(prepareDatabase(ownerUrl, { runtimeRole })).rejects.toThrow(
      /"LiteLLM_VerificationToken" already exists, made by another program/,
    );
    expect(await query(ownerUrl, 'SELECT * FROM schema_migrations')).toEqual([]);
  });

  test.each([
    ['make a table', 'CREATE TABLE mine (id integer)'],
    ['change a table', 'ALTER TABLE "LiteLLM_VerificationToken" ADD COLUMN mine text'],
    ['drop a table', 'DROP TABLE "LiteLLM_UserTable"'],
    ['empty a table', 'TRUNCATE "LiteLLM_SpendLogs"'],
    ['pretend a migration', "INSERT INTO schema_migrations VALUES (99, 'x', 'x')"],
    [
      'make a partition',
      "CREATE TABLE mine PARTITION OF \"LiteLLM_SpendLogs\" FOR VALUES FROM ('2000-01-01') TO ('2000-01-02')",
    ],
  ])('the runtime role cannot %s', async (_title, text) => {
    const { runtimeUrl } = await server.createDatabase();
    await expect(query(runtimeUrl, text)).rejects.toMatchObject({ code: '42501' });
  });

  test('a table of a later migration is writable by the runtime role', async () => {
    const { ownerUrl, runtimeUrl } = await server.createDatabase();
    await query(ownerUrl, 'CREATE TABLE later (id bigserial PRIMARY KEY, what text)');
    expect(await query(runtimeUrl, "INSERT INTO later (what) VALUES ('x') RETURNING id")).toEqual([
      { id: '1' },
    ]);
  });

  test('partitions reach from today to fourteen days ahead', async () => {
    const { ownerUrl } = await empty();
    const { partitions } = await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
    expect(partitions).toHaveLength(15);
    expect(partitions[0]).toBe('LiteLLM_SpendLogs_20261121');
    expect(partitions.at(-1)).toBe('LiteLLM_SpendLogs_20261205');
    expect(await preparePartitions(ownerUrl, { now: () => NOON + DAY_MS })).toEqual([
      'LiteLLM_SpendLogs_20261206',
    ]);
    expect(await preparePartitions(ownerUrl, { now: () => NOON + DAY_MS })).toEqual([]);
  });

  test('rows that waited in the default partition move to their day', async () => {
    const { ownerUrl } = await empty();
    await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
    const later = NOON + 20 * DAY_MS;
    await query(
      ownerUrl,
      `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime")
       SELECT 'call-' || i, 'acompletion', $1::timestamp + i * interval '1 hour', $1::timestamp
       FROM generate_series(0, 23) AS i`,
      [new Date(later).toISOString().slice(0, 10)],
    );
    await preparePartitions(ownerUrl, { now: () => later });
    const where = await query<{ partition: string; count: string }>(
      ownerUrl,
      'SELECT tableoid::regclass::text AS partition, count(*) FROM "LiteLLM_SpendLogs" GROUP BY 1',
    );
    expect(where).toEqual([{ partition: '"LiteLLM_SpendLogs_20261211"', count: '24' }]);
  });

  test('rows that arrive while their day is made are neither lost nor doubled', async () => {
    const { ownerUrl, runtimeUrl } = await empty();
    await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
    const later = NOON + 30 * DAY_MS;
    const pool = openPool(runtimeUrl, { max: 4 });
    let going = true;
    let stored = 0;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let call = 0; going; call++) {
        await pool.query(
          `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime")
           VALUES ($1, 'acompletion', $2, $2)`,
          [`${writer}-${call}`, new Date(later + (call % 15) * DAY_MS).toISOString()],
        );
        stored++;
      }
    });
    await expect.poll(() => stored).toBeGreaterThan(40);
    await preparePartitions(ownerUrl, { now: () => later });
    going = false;
    await Promise.all(writers);
    await pool.end();
    const [count] = await query<{ all: string; waiting: string }>(
      ownerUrl,
      `SELECT (SELECT count(*) FROM "LiteLLM_SpendLogs") AS all,
              (SELECT count(*) FROM "LiteLLM_SpendLogs_default") AS waiting`,
    );
    expect(count).toEqual({ all: String(stored), waiting: '0' });
  });

  test('a report that is being read delays the new days, not the writers', async () => {
    const { ownerUrl, runtimeUrl } = await empty();
    await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
    const pool = openPool(runtimeUrl, { max: 2 });
    const reader = await pool.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM "LiteLLM_SpendLogs"');
    const made = preparePartitions(ownerUrl, { now: () => NOON + DAY_MS });
    await expect
      .poll(async () => {
        const waiting = `SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE NOT l.granted AND d.datname = current_database()`;
        return (await query(ownerUrl, waiting)).length;
      })
      .toBe(1);
    await pool.query(
      `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime")
       VALUES ('meanwhile', 'acompletion', $1, $1)`,
      [new Date(NOON).toISOString()],
    );
    await reader.query('COMMIT');
    reader.release();
    await pool.end();
    expect(await made).toEqual(['LiteLLM_SpendLogs_20261206']);
  });

  test('a migrator that is cut off anywhere leaves a database that the next one completes', async () => {
    const whole = await server.createDatabase();
    const { ownerUrl, name } = await empty();
    // Cuts the connection so many milliseconds after it was opened; false when the migrator was done before.
    const cutAfter = async (delayMs: number): Promise<boolean> => {
      const state = { ended: false };
      const run = prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON })
        .catch(() => undefined)
        .finally(() => {
          state.ended = true;
        });
      let found = false;
      while (!found && !state.ended) {
        const cut = await query<{ found: boolean }>(
          server.superuserUrl(),
          `SELECT pg_sleep($2::float / 1000), pg_terminate_backend(pid) AS found
           FROM pg_stat_activity WHERE datname = $1 AND application_name = 'litellm-migrate'`,
          [name, delayMs],
        );
        found = cut.some((row) => row.found);
      }
      await run;
      return found;
    };
    let cuts = 0;
    while (await cutAfter(8 * cuts)) cuts++;
    expect(cuts).toBeGreaterThan(3);
    const columns = `SELECT table_name, column_name, data_type FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name !~ '_[0-9]{8}$' ORDER BY 1, 2`;
    expect(await query(ownerUrl, columns)).toEqual(await query(whole.ownerUrl, columns));
    expect(await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON })).toEqual({
      migrations: [],
      partitions: [],
    });
  });

  test('budgets from before belong to the keys that they are named after', async () => {
    const { ownerUrl } = await empty();
    const client = new Client({ connectionString: ownerUrl });
    await client.connect();
    try {
      const before = migrations.findIndex(({ name }) => name === '0009-rotated-keys.sql');
      await applyMigrations(client, migrations.slice(0, before));
      await client.query("INSERT INTO budget_state (scope) VALUES ('key:abc')");
    } finally {
      await client.end();
    }
    await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
    expect(await query(ownerUrl, 'SELECT scope, token FROM budget_state')).toEqual([
      { scope: 'key:abc', token: 'abc' },
    ]);
  });

  describe('the step that gives rows an id of the gateway', () => {
    const ROW_IDS = '0007-row-ids.sql';
    const day = new Date(NOON).toISOString().slice(0, 10);
    /** Each table of spend rows, by the file that holds it. */
    const files = `SELECT relname, relfilenode FROM pg_class WHERE relname ~ '^LiteLLM_SpendLogs_(default|[0-9]{8})$' ORDER BY 1`;
    const indexes = `SELECT count(DISTINCT indexdef) AS count, tablename FROM pg_indexes
      WHERE tablename ~ '^LiteLLM_SpendLogs_(default|[0-9]{8})$' GROUP BY 2`;

    /** A database from before, with rows in a day's partition and in the default one, and what it had by then. */
    async function fromBefore() {
      const { ownerUrl } = await empty();
      const client = new Client({ connectionString: ownerUrl });
      await client.connect();
      try {
        await applyMigrations(
          client,
          migrations.slice(
            0,
            migrations.findIndex(({ name }) => name === ROW_IDS),
          ),
        );
        await client.query(
          `CREATE TABLE "LiteLLM_SpendLogs_20261121" PARTITION OF "LiteLLM_SpendLogs"
           FOR VALUES FROM ('2026-11-21') TO ('2026-11-22')`,
        );
        await client.query(
          `INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime")
           SELECT 'call-' || i, 'acompletion', $1::timestamp + i * interval '1 hour', $1::timestamp
           FROM generate_series(0, 47) AS i`,
          [day],
        );
      } finally {
        await client.end();
      }
      return { ownerUrl, before: await query(ownerUrl, files) };
    }

    test('keeps the rows from before where they are', async () => {
      const { ownerUrl, before } = await fromBefore();
      await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
      expect(await query(ownerUrl, files)).toEqual(expect.arrayContaining(before));
      const [rows] = await query<{ count: string; ids: string }>(
        ownerUrl,
        'SELECT count(*), count(litellm_row_id) AS ids FROM "LiteLLM_SpendLogs"',
      );
      expect(rows).toEqual({ count: '48', ids: '0' });
    });

    test('gives old and new partitions the same indexes', async () => {
      const { ownerUrl } = await fromBefore();
      await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
      const counts = await query<{ count: string }>(ownerUrl, indexes);
      expect(counts).toHaveLength(16);
      expect(new Set(counts.map(({ count }) => count))).toEqual(new Set(['10']));
    });

    test('lets two calls of one millisecond have the id that their provider gave both, and no row twice', async () => {
      const { ownerUrl } = await fromBefore();
      await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
      const insert = (rowId: string) =>
        query(
          ownerUrl,
          `INSERT INTO "LiteLLM_SpendLogs" (litellm_row_id, request_id, call_type, "startTime", "endTime")
           VALUES ($1, 'call-0', 'acompletion', $2, $2)`,
          [rowId, day],
        );
      await insert('00000000-0000-7000-8000-000000000001');
      await insert('00000000-0000-7000-8000-000000000002');
      await expect(insert('00000000-0000-7000-8000-000000000002')).rejects.toMatchObject({ code: '23505' });
    });
  });

  test('a query over one day reads one partition', async () => {
    const { ownerUrl } = await empty();
    await prepareDatabase(ownerUrl, { runtimeRole, now: () => NOON });
    const plan = await query<{ 'QUERY PLAN': string }>(
      ownerUrl,
      `EXPLAIN SELECT * FROM "LiteLLM_SpendLogs" WHERE "startTime" >= '2026-11-22' AND "startTime" < '2026-11-23'`,
    );
    const read = plan
      .map((line) => line['QUERY PLAN'])
      .join('\n')
      .match(/LiteLLM_SpendLogs_\w+?(?=["_\s])/g);
    expect(new Set(read)).toEqual(new Set(['LiteLLM_SpendLogs_20261122']));
  });
});
