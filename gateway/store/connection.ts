import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { isDeadlock, storeError } from './sqlstate.ts';

/** What a statement runs on: the pool, or the client of a transaction. Always the first argument of a store function. */
export interface Connection {
  query<R extends QueryResultRow>(config: QueryConfig): Promise<QueryResult<R>>;
}

/** Runs one statement and returns its rows. Throws GatewayError database_unavailable when the database is away. */
export async function rows<R extends QueryResultRow>(db: Connection, statement: QueryConfig): Promise<R[]> {
  try {
    return (await db.query<R>(statement)).rows;
  } catch (error) {
    throw storeError(error);
  }
}

/** Runs `work` in a transaction of this one connection: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(db: Connection, work: () => Promise<T>): Promise<T> {
  await rows(db, { text: 'BEGIN' });
  try {
    const result = await work();
    await rows(db, { text: 'COMMIT' });
    return result;
  } catch (error) {
    await db.query({ text: 'ROLLBACK' });
    throw error;
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw storeError(error);
  }
}

/** How often a transaction is begun that others keep waiting in a circle. */
const ATTEMPTS = 5;

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws. Where PostgreSQL has ended it because it
 * waited for another in a circle, it is run again from its beginning.
 */
export async function transaction<T>(pool: Pool, work: (db: PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transactionOnce(pool, work);
    } catch (error) {
      if (attempt === ATTEMPTS || !isDeadlock(error)) throw error;
    }
  }
}

async function transactionOnce<T>(pool: Pool, work: (db: PoolClient) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let failure: Error | undefined;
  try {
    await rows(client, { text: 'BEGIN' });
    const result = await work(client);
    await rows(client, { text: 'COMMIT' });
    return result;
  } catch (error) {
    failure = await client.query('ROLLBACK').then(
      () => undefined,
      (rollbackError: Error) => rollbackError,
    );
    throw error;
  } finally {
    // A client that could not roll back is closed instead of going back to the pool.
    client.release(failure);
  }
}
