import { escapeIdentifier } from 'pg';
import type { Retention } from '../config/retention.ts';
import { betweenReaders } from './between-readers.ts';
import { type Connection, rows } from './connection.ts';
import { forgetCounted, leastIdOf } from './counted-calls.ts';
import { TAKEN_OVER } from './partitions.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Longer than a machine's journal waits for its next start: so long it is known of a call without a row that its cost is
 * counted.
 */
const IDS_KEPT_MS = 90 * DAY_MS;

/**
 * The first instant that is kept, in epoch milliseconds: the beginning of a UTC day, and of a step of the interval. Counted
 * in steps it needs no memory of the last run, and one that was missed is made up for by the next.
 */
export function keptFrom({ periodMs, intervalMs }: Retention, now: number): number {
  const step = Math.ceil(intervalMs / DAY_MS) * DAY_MS;
  return Math.max(0, Math.floor((now - periodMs) / step) * step);
}

/** Partitions all of whose rows began before an instant, the oldest first. The default partition is none of them. */
async function partitionsBefore(db: Connection, timeMs: number): Promise<readonly string[]> {
  const found = await rows<{ name: string }>(db, {
    text: `
      SELECT name FROM (
        SELECT c.relname AS name,
          substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamp AS until
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = '"LiteLLM_SpendLogs"'::regclass
      ) days
      WHERE until <= $1 ORDER BY until`,
    values: [new Date(timeMs).toISOString()],
  });
  return found.map(({ name }) => name);
}

/** The partitions that hold more than a day: the default one, and that of a database that was taken over. */
async function wholePartitions(db: Connection): Promise<readonly string[]> {
  const found = await rows<{ name: string }>(db, {
    text: `
      SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = '"LiteLLM_SpendLogs"'::regclass AND c.relname IN ('LiteLLM_SpendLogs_default', $1)`,
    values: [TAKEN_OVER],
  });
  return found.map(({ name }) => name);
}

/** Rows of such a partition that are as old; it is locked for nobody. */
async function deleteStrays(
  db: Connection,
  partition: string,
  timeMs: number,
  idsFromMs: number,
): Promise<number> {
  const [counted] = await rows<{ strays: number }>(db, {
    text: `
      WITH gone AS (
        DELETE FROM ${escapeIdentifier(partition)} WHERE "startTime" < $1 RETURNING litellm_row_id
      ), kept AS (
        INSERT INTO counted_calls SELECT litellm_row_id FROM gone WHERE litellm_row_id >= $2
        ON CONFLICT DO NOTHING
      )
      SELECT count(*)::integer AS strays FROM gone`,
    values: [new Date(timeMs).toISOString(), leastIdOf(idsFromMs)],
  });
  return counted?.strays ?? 0;
}

/** Drops one partition. While it is, no row gets into it: the ids of all of its rows are kept while a journal may send them again. */
async function dropPartition(db: Connection, name: string, idsFromMs: number): Promise<void> {
  const table = escapeIdentifier(name);
  await betweenReaders(db, [
    { text: `LOCK TABLE ${table} IN SHARE MODE` },
    {
      text: `INSERT INTO counted_calls SELECT litellm_row_id FROM ${table} WHERE litellm_row_id >= $1
        ON CONFLICT DO NOTHING`,
      values: [leastIdOf(idsFromMs)],
    },
    { text: `DROP TABLE ${table}` },
  ]);
}

/** What a run has removed. */
export interface Dropped {
  /** Names of partitions. */
  readonly partitions: readonly string[];
  /** Rows that were in no day's partition. */
  readonly rows: number;
}

/**
 * Drops the days that are older than the period; no day of which a part is within it. Safe to run at any time: what was
 * dropped is gone, and a second run finds nothing.
 */
export async function dropOldDays(db: Connection, retention: Retention, now: number): Promise<Dropped> {
  const from = keptFrom(retention, now);
  const idsFromMs = now - IDS_KEPT_MS;
  const partitions = await partitionsBefore(db, from);
  for (const name of partitions) await dropPartition(db, name, idsFromMs);
  let strays = 0;
  for (const name of await wholePartitions(db)) strays += await deleteStrays(db, name, from, idsFromMs);
  return { partitions, rows: strays };
}

/** Forgets the ids of calls without a row that no journal sends again. */
export function forgetOldIds(db: Connection, now: number): Promise<void> {
  return forgetCounted(db, now - IDS_KEPT_MS);
}
