import { DatabaseError, type QueryConfig } from 'pg';
import type { Connection } from './connection.ts';
import { isDeadlock } from './sqlstate.ts';

/** How long writers may have to wait for a reader, and how often it is tried again: two minutes of one report in all. */
const LOCK_TIMEOUT_MS = 2000;
const ATTEMPTS = 60;

const LOCK_NOT_AVAILABLE = '55P03';

/** Whether others have held what was wanted. */
function isHeldUp(error: unknown): boolean {
  return isDeadlock(error) || (error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE);
}

async function attempt(db: Connection, statements: readonly QueryConfig[]): Promise<void> {
  try {
    await db.query({ text: 'BEGIN' });
    await db.query({ text: `SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'` });
    for (const statement of statements) await db.query(statement);
    await db.query({ text: 'COMMIT' });
  } catch (error) {
    await db.query({ text: 'ROLLBACK' });
    throw error;
  }
}

/**
 * Runs statements that lock a table which others read and write, in one transaction. It is tried again while somebody reads;
 * between two attempts the writers that waited get their turn.
 */
export async function betweenReaders(db: Connection, statements: readonly QueryConfig[]): Promise<void> {
  for (let number = 1; ; number++) {
    try {
      return await attempt(db, statements);
    } catch (error) {
      if (!isHeldUp(error) || number === ATTEMPTS) throw error;
    }
  }
}
