import type { Pool } from 'pg';
import { explainDatabaseFailure, readDatabaseUrl } from '../appliance/index.ts';
import { requireSchema } from './store/schema.ts';

/** A client is told only that the database is away; who reads this log is to know why, and what to do. */
function unreachable(databaseUrl: string, error: unknown): Error | undefined {
  const { cause } = error as Error;
  const name = 'DATABASE_URL';
  const failure = explainDatabaseFailure(name, readDatabaseUrl(name, databaseUrl), cause ?? error);
  return failure && new Error(`${failure.reason}; ${failure.remedy}`, { cause: error });
}

/** Throws an Error for a database that is away, or whose schema is not this program's, that says what to do. */
export async function requireDatabase(pool: Pool, databaseUrl: string): Promise<void> {
  try {
    await requireSchema(pool);
  } catch (error) {
    throw unreachable(databaseUrl, error) ?? error;
  }
}
