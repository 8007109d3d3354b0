/** The ledger's model test over real PostgreSQL: the same commands and the same reference as over the bank in memory. */
import fc from 'fast-check';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool } from '../../gateway/index.ts';
import { modelRuns, runModel } from '../harness/ledger-commands.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { PostgresBank } from '../harness/postgres-bank.ts';

const RUNS = 10;

describe.each([16, 17] as const)('PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let db: Pool;
  let bank: PostgresBank;

  beforeAll(async () => {
    server = await startPostgres({ major });
    const database = await server.createDatabase();
    db = openPool(database.runtimeUrl, { max: 10 });
    bank = await PostgresBank.open(db);
  });
  afterAll(async () => {
    await bank[Symbol.asyncDispose]();
    await db.end();
    await server.stop();
  });

  test.each(['strict', 'compatible'] as const)(
    '%s: never overspent, never falsely denied, nothing lost',
    async (enforcement) => {
      const options = { enforcement, maxSteps: 20 };
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(modelRuns(options), async (run) => {
          runs++;
          await runModel(bank, run, options);
        }),
        { numRuns: RUNS },
      );
      expect(runs).toBeGreaterThanOrEqual(RUNS);
    },
    600_000,
  );
});
