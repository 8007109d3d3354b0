import type { Pool } from 'pg';
import { announceBudgets } from './budget-announcements.ts';
import { type Connection, rows, transaction } from './connection.ts';

/** Periods begun in one transaction. */
const BATCH = 200;

/** When a budget of this duration is reset next. */
export type NextReset = (duration: string, now: number) => Date;

/** Key rows before budgets, as everywhere: whoever stores spend rows has locked them in this order. */
async function lockKeys(db: Connection, scopes: readonly string[]): Promise<void> {
  await rows(db, {
    text: `
      SELECT token FROM "LiteLLM_VerificationToken"
      WHERE token IN (SELECT token FROM budget_state WHERE scope = ANY ($1))
      ORDER BY token FOR UPDATE`,
    values: [scopes],
  });
}

/**
 * Begins the next period of these budgets where it is due: what was spent is forgotten, but for calls that ended after
 * the reset time and were stored before anybody had noticed it. What is leased stays leased: it counts in the period in
 * which its calls end. Two processes that do this at once do it once. A key's columns follow.
 */
export async function beginPeriods(
  pool: Pool,
  scopes: readonly string[],
  { now, nextReset }: { now: number; nextReset: NextReset },
): Promise<void> {
  await transaction(pool, async (db) => {
    await lockKeys(db, scopes);
    const due = await rows<{ scope: string; duration: string | null }>(db, {
      text: `
        SELECT scope, duration FROM budget_state WHERE scope = ANY ($1) AND resets_at <= $2
        ORDER BY scope FOR UPDATE`,
      values: [scopes, new Date(now).toISOString()],
    });
    if (due.length === 0) return;
    await rows(db, {
      text: `
        WITH next AS (
          SELECT * FROM unnest($1::text[], $2::timestamp[]) AS t (scope, resets_at)
        ), begun AS (
          UPDATE budget_state s SET spent_pico = s.spent_next_pico, spent_next_pico = 0, period_start = s.resets_at,
            resets_at = next.resets_at, updated_at = now() AT TIME ZONE 'UTC'
          FROM next WHERE s.scope = next.scope
          RETURNING s.token, s.spent_pico, s.resets_at
        )
        UPDATE "LiteLLM_VerificationToken" k SET spend = begun.spent_pico / 1e12, budget_reset_at = begun.resets_at
        FROM begun WHERE k.token = begun.token`,
      values: [
        due.map(({ scope }) => scope),
        due.map(({ duration }) => (duration === null ? null : nextReset(duration, now).toISOString())),
      ],
    });
    await announceBudgets(db, { wanted: [], freed: due.map(({ scope }) => scope) });
  });
}

/** Budgets whose period is over, the longest first. */
export async function dueBudgets(db: Connection, now: number): Promise<readonly string[]> {
  const due = await rows<{ scope: string }>(db, {
    name: 'due_budgets',
    text: `SELECT scope FROM budget_state WHERE resets_at <= $1 ORDER BY resets_at LIMIT ${BATCH}`,
    values: [new Date(now).toISOString()],
  });
  return due.map(({ scope }) => scope);
}
