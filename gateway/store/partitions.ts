import { escapeIdentifier, escapeLiteral } from 'pg';
import { betweenReaders } from './between-readers.ts';
import type { Connection } from './connection.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Partitions are made this far ahead, so that a timer that fails for a week harms nothing. */
export const DAYS_AHEAD = 14;

/** The UTC day of an instant, `YYYY-MM-DD`. */
export const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** The partition of all days before the one on which a LiteLLM database was taken over; there is none in others. */
export const TAKEN_OVER = 'LiteLLM_SpendLogs_taken_over';

/** Name of the partition that holds one UTC day (`YYYY-MM-DD`). */
export function partitionName(day: string): string {
  return `LiteLLM_SpendLogs_${day.replaceAll('-', '')}`;
}

async function exists(db: Connection, table: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>({
    text: 'SELECT to_regclass($1) IS NOT NULL AS found',
    values: [escapeIdentifier(table)],
  });
  return rows[0]?.found === true;
}

/**
 * Makes one day's partition and moves that day's rows out of the default partition. Writers wait at the parent, before
 * they choose a partition: one that waited at the default partition would find its row refused there afterwards.
 * A long report over the default partition could keep them all waiting, hence the limit.
 */
async function createPartition(db: Connection, day: string, nextDay: string): Promise<void> {
  const table = escapeIdentifier(partitionName(day));
  const [from, to] = [escapeLiteral(day), escapeLiteral(nextDay)];
  const statements = [
    'LOCK TABLE ONLY "LiteLLM_SpendLogs" IN SHARE ROW EXCLUSIVE MODE',
    'LOCK TABLE "LiteLLM_SpendLogs_default" IN ACCESS EXCLUSIVE MODE',
    `CREATE TABLE ${table} (LIKE "LiteLLM_SpendLogs" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
    `WITH moved AS (
       DELETE FROM "LiteLLM_SpendLogs_default" WHERE "startTime" >= ${from} AND "startTime" < ${to} RETURNING *
     )
     INSERT INTO ${table} SELECT * FROM moved`,
    `ALTER TABLE "LiteLLM_SpendLogs" ATTACH PARTITION ${table} FOR VALUES FROM (${from}) TO (${to})`,
  ];
  await betweenReaders(
    db,
    statements.map((text) => ({ text })),
  );
}

/** Makes the missing partitions from today (UTC) to DAYS_AHEAD days ahead and returns their names. */
export async function ensurePartitions(db: Connection, nowMs: number): Promise<readonly string[]> {
  const made: string[] = [];
  for (let ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
    const day = dayOf(nowMs + ahead * DAY_MS);
    if (await exists(db, partitionName(day))) continue;
    await createPartition(db, day, dayOf(nowMs + (ahead + 1) * DAY_MS));
    made.push(partitionName(day));
  }
  return made;
}
