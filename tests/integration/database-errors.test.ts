/** PostgreSQL quotes rows and values in what it says of a failed statement: none of it reaches the gateway's log. */
import { DatabaseError, type Pool, type QueryConfig } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogs, openPool } from '../../gateway/index.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const CANARY = 'canary-7Qx';

let server: PostgresServer;
let pool: Pool;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  pool = openPool((await server.createDatabase()).ownerUrl, { max: 1 });
  await pool.query('CREATE TABLE told (name text PRIMARY KEY, size integer NOT NULL, CHECK (size > 0))');
  await pool.query('CREATE TABLE telling (name text REFERENCES told)');
  await pool.query('INSERT INTO told VALUES ($1, 1)', [CANARY]);
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

async function failureOf(statement: QueryConfig): Promise<DatabaseError> {
  const error = await pool.query(statement).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error instanceof DatabaseError) return error;
  throw new Error(`the statement did not fail: ${statement.text}`, { cause: error });
}

function logged(error: Error): string {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  createLogs({ level: 'trace', stream }).logger.error({ err: error }, 'failed');
  return lines.join('');
}

test.each<[string, string, QueryConfig, object]>([
  [
    'a key that is there already',
    '23505',
    { text: 'INSERT INTO told VALUES ($1, 2)', values: [CANARY] },
    { table: 'told', constraint: 'told_pkey' },
  ],
  [
    'a row that lacks a value',
    '23502',
    { text: 'INSERT INTO told VALUES ($1, NULL)', values: [`${CANARY}-2`] },
    { table: 'told', column: 'size' },
  ],
  [
    'a row that breaks a rule',
    '23514',
    { text: 'INSERT INTO told VALUES ($1, 0)', values: [`${CANARY}-3`] },
    { table: 'told', constraint: 'told_size_check' },
  ],
  [
    'a row that names none of another table',
    '23503',
    { text: 'INSERT INTO telling VALUES ($1)', values: [`${CANARY}-4`] },
    { table: 'telling', constraint: 'telling_name_fkey' },
  ],
  [
    'a value of another type',
    '22P02',
    { text: 'SELECT * FROM told WHERE size = $1', values: [`${CANARY}\n    at nowhere`] },
    {},
  ],
  ['a statement with a value in it', '42703', { text: `SELECT "${CANARY}" FROM told` }, {}],
  [
    'what a function raises',
    'P0001',
    {
      text: `DO $$ BEGIN RAISE EXCEPTION '${CANARY}' USING DETAIL = '${CANARY}', HINT = '${CANARY}'; END $$`,
    },
    {},
  ],
])('%s is told by its code and by names, without any value', async (_what, code, statement, names) => {
  const error = await failureOf(statement);
  // The canary is there to be found: without the rule it would be in the log.
  expect(JSON.stringify([error.message, { ...error }])).toContain(CANARY);
  const thrown: [Error, (err: Record<string, unknown>) => unknown][] = [
    [error, (err) => err],
    [new Error('the store failed', { cause: error }), ({ cause }) => cause],
    [new AggregateError([error], 'all failed'), ({ errors }) => (errors as unknown[])[0]],
  ];
  for (const [each, find] of thrown) {
    const text = logged(each);
    expect(text).not.toContain(CANARY);
    const told = find(JSON.parse(text).err);
    expect(told).toMatchObject({ code, severity: 'ERROR', routine: expect.any(String), ...names });
    expect(told).toMatchObject({ message: `PostgreSQL refused a statement with SQLSTATE ${code}` });
    expect((told as { stack: string }).stack).toMatch(/^at /);
  }
});
