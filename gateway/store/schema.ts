import { DatabaseError } from 'pg';
import { type Connection, rows } from './connection.ts';
import { type Migration, migrations } from './migrations.ts';

const UNDEFINED_TABLE = '42P01';
const INSUFFICIENT_PRIVILEGE = '42501';

/** The database's schema does not fit this program; the message says which side is older and what to run. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly hash: string;
}

/** The steps that the database has, in order; empty when it was never migrated. */
export async function appliedMigrations(db: Connection): Promise<readonly AppliedMigration[]> {
  try {
    return await rows<AppliedMigration>(db, {
      text: 'SELECT number, name, hash FROM schema_migrations ORDER BY number',
    });
  } catch (error) {
    const code = error instanceof DatabaseError ? error.code : undefined;
    if (code === UNDEFINED_TABLE || code === INSUFFICIENT_PRIVILEGE) return [];
    throw error;
  }
}

/** Throws SchemaError when the database is newer than the program, or an applied step is not the one that the program knows. */
export function requireSameHistory(
  applied: readonly AppliedMigration[],
  known: readonly Migration[] = migrations,
): void {
  const newest = applied.at(-1);
  const newestKnown = known.at(-1)?.number ?? 0;
  if (newest !== undefined && newest.number > newestKnown) {
    throw new SchemaError(
      `the database has schema ${newest.number} (${newest.name}), this program knows only ${newestKnown}: install the newer program, or restore the backup made before the upgrade`,
    );
  }
  for (const [index, step] of applied.entries()) {
    const expected = known[index];
    if (step.number === expected?.number && step.hash === expected.hash) continue;
    throw new SchemaError(
      `the database's schema step ${step.number} (${step.name}) is not the one of this program: an applied migration was changed; install the program that made this database`,
    );
  }
}

/** Refuses to go on unless the schema is exactly this program's. Throws SchemaError naming what to run. */
export async function requireSchema(db: Connection): Promise<void> {
  const applied = await appliedMigrations(db);
  requireSameHistory(applied);
  if (applied.length < migrations.length) {
    throw new SchemaError(
      `the database has schema ${applied.at(-1)?.number ?? 0}, this program needs ${migrations.at(-1)?.number}: run \`systemctl start litellm-migrate\` and look at its log`,
    );
  }
}
