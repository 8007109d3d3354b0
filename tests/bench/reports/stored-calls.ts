import { statfsSync } from 'node:fs';
import { openPool } from '../../../gateway/index.ts';
import { plantCalls } from '../../harness/planted-calls.ts';
import type { TestDatabase } from '../../harness/postgres.ts';
import { say } from '../plan.ts';
import { DAYS, SPREAD } from './questions.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** With indexes and what the write-ahead log keeps. */
const BYTES_PER_ROW = 1800;

/** The days of the calls, today the last. */
export function daysUntil(now: number): readonly string[] {
  return Array.from({ length: DAYS }, (_, index) =>
    new Date(now - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

function requireRoom(directory: string, rows: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const needed = rows * BYTES_PER_ROW;
  if (bavail * bsize > needed) return;
  throw new Error(
    `${rows} rows take ${Math.ceil(needed / 1e9)} GB in ${directory}, which has ${Math.floor((bavail * bsize) / 1e9)}; set BENCH_ROWS lower`,
  );
}

/** Makes up as many calls in the partitions of these days; a day's indexes are built when it is full. */
export async function storeCalls(
  { ownerUrl }: TestDatabase,
  days: readonly string[],
  { rows, directory }: { readonly rows: number; readonly directory: string },
): Promise<void> {
  requireRoom(directory, rows);
  const db = openPool(ownerUrl, { max: 1 });
  const started = performance.now();
  try {
    await db.query(`SET statement_timeout = 0; SET maintenance_work_mem = '256MB'`);
    for (const [index, day] of days.entries()) {
      const table = `LiteLLM_SpendLogs_${day.replaceAll('-', '')}`;
      const { rows: found } = await db.query('SELECT to_regclass($1) IS NOT NULL AS there', [`"${table}"`]);
      const there = found[0]?.there === true;
      if (!there) {
        await db.query(
          `CREATE TABLE "${table}" (LIKE "LiteLLM_SpendLogs" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
        );
      }
      await plantCalls(db, day, { ...SPREAD, perDay: Math.ceil(rows / days.length) }, table);
      if (!there) {
        await db.query(
          `ALTER TABLE "LiteLLM_SpendLogs" ATTACH PARTITION "${table}"
           FOR VALUES FROM ('${day}') TO ('${new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10)}')`,
        );
      }
      const seconds = Math.round((performance.now() - started) / 1000);
      say(`${String(seconds).padStart(4)} s  day ${index + 1} of ${days.length} is stored`);
    }
    await db.query('VACUUM (ANALYZE)');
  } finally {
    await db.end();
  }
}
