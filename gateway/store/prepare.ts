import { Client } from 'pg';
import { databaseConnection } from '../../appliance/index.ts';
import { nextReset } from '../admission/budget-period.ts';
import type { Retention } from '../config/retention.ts';
import { grantRuntime } from './grants.ts';
import { applyMigrations } from './migrator.ts';
import { ensurePartitions } from './partitions.ts';
import { columnTypes } from './pool.ts';
import { type Dropped, dropOldDays, forgetOldIds } from './retention.ts';
import { type TakenOver, takeOver } from './take-over.ts';

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

export interface PrepareOptions {
  /** Role that the gateway signs in with. */
  readonly runtimeRole: string;
  readonly now?: () => number;
}

/** What a run has changed; empty lists when everything was in place. */
export interface Prepared {
  readonly migrations: readonly string[];
  readonly partitions: readonly string[];
  /** Only where the database was LiteLLM's. */
  readonly takenOver?: TakenOver;
}

async function asOwner<T>(ownerUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
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

/**
 * Brings a database to this program's schema, one that LiteLLM has made too, makes the partitions of the coming days and grants the runtime role its
 * rights. Safe to run at any time and any number of times at once. Throws SchemaError when the database does not fit.
 */
export function prepareDatabase(
  ownerUrl: string,
  { runtimeRole, now = Date.now }: PrepareOptions,
): Promise<Prepared> {
  return asOwner(ownerUrl, async (client) => {
    // Every budget that is opened here has a time of its own: the zone of the others is the gateway's to know.
    const rules = { now: now(), nextReset: (duration: string, at: number) => nextReset(duration, at, 'UTC') };
    const takenOver = await takeOver(client, rules);
    const applied = await applyMigrations(client);
    await grantRuntime(client, runtimeRole);
    const partitions = await ensurePartitions(client, now());
    const migrations = [...(takenOver?.migrations ?? []), ...applied.map(({ name }) => name)];
    return { migrations, partitions, ...(takenOver !== null && { takenOver }) };
  });
}

/** Makes only the partitions of the coming days, as the owner's daily timer does; returns the names of the new ones. */
export function preparePartitions(
  ownerUrl: string,
  { now = Date.now }: Pick<PrepareOptions, 'now'> = {},
): Promise<readonly string[]> {
  return asOwner(ownerUrl, (client) => ensurePartitions(client, now()));
}

/** Drops the days that are older than the period, as the owner's daily timer does; without a period nothing but old ids. */
export function dropOldSpend(
  ownerUrl: string,
  retention: Retention | null,
  { now = Date.now }: Pick<PrepareOptions, 'now'> = {},
): Promise<Dropped> {
  return asOwner(ownerUrl, async (client) => {
    const dropped =
      retention === null ? { partitions: [], rows: 0 } : await dropOldDays(client, retention, now());
    await forgetOldIds(client, now());
    return dropped;
  });
}
