/** What becomes of transactions that wait for each other. */
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPool, transaction } from '../../gateway/index.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let pool: Pool;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  pool = openPool((await server.createDatabase()).ownerUrl, { max: 2 });
  await pool.query('CREATE TABLE accounts (name text PRIMARY KEY, spent integer NOT NULL)');
  await pool.query("INSERT INTO accounts VALUES ('team', 0), ('user', 0)");
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

test('of two that wait for each other one runs again, and both are done once', async () => {
  const bothHaveOne = Promise.withResolvers<void>();
  let begun = 0;
  const charge = (names: readonly string[], amount: number): Promise<void> =>
    transaction(pool, async (db) => {
      for (const name of names) {
        await db.query('UPDATE accounts SET spent = spent + $2 WHERE name = $1', [name, amount]);
        if (++begun === names.length) bothHaveOne.resolve();
        await bothHaveOne.promise;
      }
    });
  await Promise.all([charge(['team', 'user'], 1), charge(['user', 'team'], 10)]);
  const { rows } = await pool.query('SELECT name, spent FROM accounts ORDER BY name');
  expect(rows).toEqual([
    { name: 'team', spent: 11 },
    { name: 'user', spent: 11 },
  ]);
  expect(begun).toBeGreaterThan(4);
});

test('one that fails by itself is not run again', async () => {
  let runs = 0;
  const failing = transaction(pool, async (db) => {
    runs++;
    await db.query("INSERT INTO accounts VALUES ('team', 0)");
  });
  await expect(failing).rejects.toThrow(/duplicate key/);
  expect(runs).toBe(1);
});
