import type { Pool } from 'pg';
import { type NamedBudget, ownerOfBudget } from './accounts.ts';
import { type AlertRules, raiseAlerts } from './budget-alerts.ts';
import { announceBudgets } from './budget-announcements.ts';
import { type Connection, rows, transaction } from './connection.ts';
import { lockOwners, type ShownPeriod, showPeriods } from './owner-rows.ts';

/** Periods begun in one transaction. */
const BATCH = 200;

/** When a budget of this duration is reset next. */
export type NextReset = (duration: string, now: number) => Date;

/** How periods begin. */
export interface PeriodRules {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly nextReset: NextReset;
  /** How it is told what was spent in them already; null where it is not. */
  readonly alerts?: AlertRules | null;
}

/** Owners before budgets, as everywhere: whoever stores spend rows has locked them in this order. */
async function lockOwnersOf(db: Connection, scopes: readonly string[]): Promise<void> {
  const budgets = await rows<NamedBudget>(db, {
    text: 'SELECT scope, token, part_of FROM budget_state WHERE scope = ANY ($1)',
    values: [scopes],
  });
  await lockOwners(
    db,
    budgets.flatMap((budget) => ownerOfBudget(budget) ?? []),
  );
}

/** A budget whose next period has begun. Money is pico-dollars, as PostgreSQL writes them. */
export interface Begun extends NamedBudget {
  /** In the period that has begun. */
  readonly spent: string;
  readonly resets_at: Date | null;
}

/**
 * Begins the next period of these budgets where it is due, inside the caller's transaction, which has locked their owners: what
 * was spent is forgotten, but for calls that ended after the reset time and were stored before anybody had noticed it. What is
 * leased stays leased: it counts in the period in which its calls end.
 */
export async function beginDue(
  db: Connection,
  scopes: readonly string[],
  { now, nextReset }: PeriodRules,
): Promise<readonly Begun[]> {
  const due = await rows<{ scope: string; duration: string | null }>(db, {
    text: `
      SELECT scope, duration FROM budget_state WHERE scope = ANY ($1) AND resets_at <= $2
      ORDER BY scope FOR UPDATE`,
    values: [scopes, new Date(now).toISOString()],
  });
  if (due.length === 0) return [];
  // In a time zone each of them is searched for.
  const durations = new Set(due.flatMap(({ duration }) => duration ?? []));
  const ends = new Map([...durations].map((duration) => [duration, nextReset(duration, now).toISOString()]));
  return rows<Begun>(db, {
    text: `
      UPDATE budget_state s SET spent_pico = s.spent_next_pico, spent_next_pico = 0, period_start = s.resets_at,
        resets_at = next.resets_at, updated_at = now() AT TIME ZONE 'UTC'
      FROM unnest($1::text[], $2::timestamp[]) AS next (scope, resets_at)
      WHERE s.scope = next.scope
      RETURNING s.scope, s.token, s.part_of, s.spent_pico::text AS spent, s.resets_at`,
    values: [
      due.map(({ scope }) => scope),
      due.map(({ duration }) => (duration === null ? null : ends.get(duration))),
    ],
  });
}

/** The same in a transaction of its own. Two processes that do this at once do it once. LiteLLM's columns follow. */
export async function beginPeriods(pool: Pool, scopes: readonly string[], rules: PeriodRules): Promise<void> {
  const { alerts = null } = rules;
  await transaction(pool, async (db) => {
    await lockOwnersOf(db, scopes);
    const begun = await beginDue(db, scopes, rules);
    if (begun.length === 0) return;
    const shown = begun.map(({ spent, resets_at, ...budget }) => ({
      owner: ownerOfBudget(budget),
      spent,
      resetsAt: resets_at,
    }));
    await showPeriods(
      db,
      shown.filter((each): each is ShownPeriod => each.owner !== null),
    );
    const spent = begun.filter((each) => each.spent !== '0').map(({ scope }) => scope);
    if (alerts !== null) await raiseAlerts(db, spent, alerts);
    await announceBudgets(db, { wanted: [], freed: begun.map(({ scope }) => scope) });
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
