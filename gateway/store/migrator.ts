import { DatabaseError } from 'pg';
import type { Connection } from './connection.ts';
import { type Migration, migrations } from './migrations.ts';
import { type AppliedMigration, appliedMigrations, requireSameHistory, SchemaError } from './schema.ts';

const DUPLICATE_TABLE = '42P07';

async function carryOut(db: Connection, { number, name, sql, hash }: Migration): Promise<void> {
  await db.query({ text: sql });
  await db.query({
    text: 'INSERT INTO schema_migrations (number, name, hash) VALUES ($1, $2, $3)',
    values: [number, name, hash],
  });
}

async function apply(db: Connection, migration: Migration): Promise<void> {
  await db.query({ text: 'BEGIN' });
  try {
    await carryOut(db, migration);
    await db.query({ text: 'COMMIT' });
  } catch (error) {
    await db.query({ text: 'ROLLBACK' });
    if (error instanceof DatabaseError && error.code === DUPLICATE_TABLE) {
      throw new SchemaError(
        `schema step ${migration.number} (${migration.name}): ${error.message}, made by another program; use an empty database, or LiteLLM's as a whole, which is taken over`,
        { cause: error },
      );
    }
    throw error;
  }
}

async function makeList(db: Connection): Promise<void> {
  await db.query({
    text: `CREATE TABLE IF NOT EXISTS schema_migrations (
      number integer PRIMARY KEY,
      name text NOT NULL,
      hash text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`,
  });
}

/**
 * Brings the schema up to date and returns the steps that were applied. The caller holds the schema lock, so what is
 * read here cannot change underneath. Each step commits alone: after a failure the next start continues there.
 */
export async function applyMigrations(
  db: Connection,
  known: readonly Migration[] = migrations,
): Promise<readonly AppliedMigration[]> {
  await makeList(db);
  const applied = await appliedMigrations(db);
  requireSameHistory(applied, known);
  const missing = known.slice(applied.length);
  for (const migration of missing) await apply(db, migration);
  return missing;
}

/** Makes the whole schema where there is nothing of it, inside the caller's transaction. */
export async function makeSchema(db: Connection): Promise<readonly AppliedMigration[]> {
  await makeList(db);
  for (const migration of migrations) await carryOut(db, migration);
  return migrations;
}
