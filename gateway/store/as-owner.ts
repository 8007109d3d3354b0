import { Client } from 'pg';
import { databaseConnection } from '../../appliance/index.ts';
import { columnTypes } from './pool.ts';

/** One number for everything that changes the schema; PostgreSQL's advisory locks are per database. */
const SCHEMA_LOCK = 40_005_432;

const CONNECT_TIMEOUT_MS = 30_000;

/**
 * A migration may take long, and waits for another one for as long as that takes, whatever limits the role or the server
 * has for ordinary work. One that is cut off from its server in the middle does not hold its locks for ever.
 */
const SESSION = [
  "SET TimeZone = 'UTC'",
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  "SET idle_in_transaction_session_timeout = '5min'",
] as const;

/** While a change waits for a table, everybody who comes after it waits too: better it fails and is tried again. */
const LOCK_TIMEOUT = '30s';

/**
 * Works as the schema's owner, on one connection, while nobody else changes the schema or what only the owner may change. Waits
 * for whoever does.
 */
export async function asOwner<T>(ownerUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    ...databaseConnection('DATABASE_OWNER_URL', ownerUrl),
    application_name: 'litellm-migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: columnTypes,
  });
  // A broken connection also fails the statement that meets it; the event alone would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const text of SESSION) await client.query(text);
    await client.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    await client.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
    return await work(client);
  } finally {
    // The lock ends with the connection.
    await client.end();
  }
}
