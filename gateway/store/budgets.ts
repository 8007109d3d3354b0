import type { Pool } from 'pg';
import type { Pico } from '../accounting/money.ts';
import type { BudgetRow, Decision } from '../admission/ledger/port.ts';
import { announceBudgets } from './budget-announcements.ts';
import { type Connection, rows, transaction } from './connection.ts';

/** A budget as management sets it. Money is pico-dollars. */
export interface BudgetSetting {
  readonly scope: string;
  /** The hash of the key whose budget it is; null where it is not that of a key. */
  readonly token: string | null;
  /** The budget of which it is a part; null where it is whole. */
  readonly partOf: string | null;
  /** Null: nothing is limited. */
  readonly limit: Pico | null;
  /** From here on it is told that so much was spent; without it never. */
  readonly soft?: Pico | null;
  /** Added to the limit until then; null where nothing is. */
  readonly increase: { readonly amount: Pico; readonly until: Date } | null;
  /** What is spent already, where the budget is new. */
  readonly spent: Pico;
  readonly duration: string | null;
  /** End of the period that runs now. */
  readonly resetsAt: Date | null;
}

/**
 * Sets budgets, inside the caller's transaction. What is spent of one that exists stays spent; of one that is changed it is told
 * anew how much that is. The caller has locked the rows that `spent` was read from: spend rows that are stored meanwhile are
 * counted by either, never by both.
 */
export async function setBudgets(db: Connection, budgets: readonly BudgetSetting[]): Promise<void> {
  const column = <T>(value: (budget: BudgetSetting) => T): T[] => budgets.map(value);
  const scopes = column(({ scope }) => scope);
  await rows(db, {
    text: `
      INSERT INTO budget_state AS s
        (scope, token, part_of, limit_pico, increase_pico, increase_until, spent_pico, duration, resets_at, soft_pico)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::numeric[], $5::numeric[], $6::timestamp[],
          $7::numeric[], $8::text[], $9::timestamp[], $10::numeric[])
        AS budgets (scope, token, part_of, limit_pico, increase_pico, increase_until, spent_pico, duration, resets_at, soft_pico)
      ORDER BY scope
      ON CONFLICT (scope) DO UPDATE SET
        alert_level = CASE WHEN (s.limit_pico, s.increase_pico, s.increase_until, s.duration) IS NOT DISTINCT FROM
          (excluded.limit_pico, excluded.increase_pico, excluded.increase_until, excluded.duration)
          THEN s.alert_level ELSE 0 END,
        soft_quiet_until = CASE WHEN (s.soft_pico, s.duration) IS NOT DISTINCT FROM (excluded.soft_pico, excluded.duration)
          THEN s.soft_quiet_until END,
        limit_pico = excluded.limit_pico, increase_pico = excluded.increase_pico,
        increase_until = excluded.increase_until, soft_pico = excluded.soft_pico, duration = excluded.duration,
        resets_at = excluded.resets_at,
        updated_at = now() AT TIME ZONE 'UTC'`,
    values: [
      scopes,
      column(({ token }) => token),
      column(({ partOf }) => partOf),
      column(({ limit }) => limit),
      column(({ increase }) => increase?.amount ?? null),
      column(({ increase }) => increase?.until.toISOString() ?? null),
      column(({ spent }) => spent),
      column(({ duration }) => duration),
      column(({ resetsAt }) => resetsAt?.toISOString() ?? null),
      column(({ soft = null }) => soft),
    ],
  });
  await announceBudgets(db, { wanted: scopes, freed: scopes });
}

/**
 * Sets what is spent of a budget, where there is one, inside the caller's transaction. Of a period that is over already it
 * is set for the one that follows.
 */
export async function setSpent(
  db: Connection,
  { scope, spent, now }: { readonly scope: string; readonly spent: Pico; readonly now: number },
): Promise<void> {
  await rows(db, {
    text: `
      UPDATE budget_state SET
        spent_pico = CASE WHEN resets_at <= $3 THEN 0 ELSE $2::numeric END,
        spent_next_pico = CASE WHEN resets_at <= $3 THEN $2::numeric ELSE 0 END,
        alert_level = 0, soft_quiet_until = NULL,
        updated_at = now() AT TIME ZONE 'UTC'
      WHERE scope = $1`,
    values: [scope, spent, new Date(now).toISOString()],
  });
  await announceBudgets(db, { wanted: [scope], freed: [scope] });
}

/** Forgets budgets whose owner is deleted, inside the caller's transaction, which has locked them. */
export async function removeBudgets(db: Connection, scopes: readonly string[]): Promise<void> {
  await rows(db, { text: 'DELETE FROM budget_state WHERE scope = ANY ($1)', values: [scopes] });
  await rows(db, { text: 'DELETE FROM budget_leases WHERE scope = ANY ($1)', values: [scopes] });
}

interface Locked {
  readonly scope: string;
  readonly limit_pico: string | null;
  /** Until when the limit is as high as that; null where it stays. */
  readonly falls_at: Date | null;
  readonly spent_pico: string;
  readonly leased_pico: string;
  readonly due: boolean;
}

interface Leased {
  readonly scope: string;
  readonly granted_pico: string;
  readonly stored_pico: string;
}

/** Locks budgets in the order of their names, so that two transactions never wait for each other. */
async function lockBudgets(db: Connection, scopes: readonly string[], now: number): Promise<Locked[]> {
  return rows<Locked>(db, {
    name: 'lock_budgets',
    text: `
      SELECT scope, limit_pico + CASE WHEN increase_until > $2 THEN increase_pico ELSE 0 END AS limit_pico,
        CASE WHEN increase_until > $2 THEN increase_until END AS falls_at,
        spent_pico + spent_next_pico AS spent_pico, leased_pico, coalesce(resets_at <= $2, false) AS due
      FROM budget_state WHERE scope = ANY ($1) ORDER BY scope FOR UPDATE`,
    values: [scopes, new Date(now).toISOString()],
  });
}

/** A statement of its own, after the locks: only then does it see what was committed while they were waited for. */
async function readLeases(db: Connection, processId: string, scopes: readonly string[]): Promise<Leased[]> {
  return rows<Leased>(db, {
    name: 'read_budget_leases',
    text: `
      SELECT scope, granted_pico, stored_pico FROM budget_leases
      WHERE process_id = $1 AND scope = ANY ($2)`,
    values: [processId, scopes],
  });
}

function budgetRows(locked: readonly Locked[], leased: readonly Leased[]): Map<string, BudgetRow> {
  const leases = new Map(
    leased.map(({ scope, granted_pico, stored_pico }) => [
      scope,
      { granted: BigInt(granted_pico), stored: BigInt(stored_pico) },
    ]),
  );
  return new Map(
    locked.map(({ scope, limit_pico, falls_at, spent_pico, leased_pico }) => [
      scope,
      {
        limit: limit_pico === null ? null : BigInt(limit_pico),
        fallsAt: falls_at?.getTime() ?? null,
        spent: BigInt(spent_pico),
        leased: BigInt(leased_pico),
        lease: leases.get(scope) ?? null,
      },
    ]),
  );
}

async function bookLeases(
  db: Connection,
  processId: string,
  budgets: ReadonlyMap<string, BudgetRow>,
  granted: Decision['granted'],
): Promise<void> {
  const changed = [...granted].filter(
    ([scope, amount]) => amount !== (budgets.get(scope)?.lease?.granted ?? 0n),
  );
  const change = ([scope, amount]: readonly [string, Pico]) =>
    amount - (budgets.get(scope)?.lease?.granted ?? 0n);
  if (changed.length > 0) {
    await rows(db, {
      name: 'book_budget_leases',
      text: `
        WITH booked AS (
          SELECT * FROM unnest($2::text[], $3::numeric[], $4::numeric[]) AS t (scope, granted, change)
        ), lease AS (
          INSERT INTO budget_leases (process_id, scope, granted_pico) SELECT $1, scope, granted FROM booked
          ON CONFLICT (process_id, scope) DO UPDATE SET granted_pico = excluded.granted_pico
        )
        UPDATE budget_state s SET leased_pico = s.leased_pico + booked.change
        FROM booked WHERE s.scope = booked.scope`,
      values: [
        processId,
        changed.map(([scope]) => scope),
        changed.map(([, amount]) => amount),
        changed.map(change),
      ],
    });
  }
  const over = [...granted].filter(([scope, amount]) => amount === (budgets.get(scope)?.lease?.stored ?? 0n));
  if (over.length === 0) return;
  await rows(db, {
    name: 'end_budget_leases',
    text: 'DELETE FROM budget_leases WHERE process_id = $1 AND scope = ANY ($2) AND granted_pico = stored_pico',
    values: [processId, over.map(([scope]) => scope)],
  });
}

/**
 * One exchange between a process and the budgets. Returns the budgets that must begin their next period first; nothing
 * was decided then. The statements are many and the transaction is not one statement on purpose: the locks are held
 * before the commit is sent, so an exchange whose connection broke is over, one way or the other, before the next one
 * of its process sees the rows.
 */
export async function exchangeBudgets(
  pool: Pool,
  { processId, scopes, now }: { processId: string; scopes: readonly string[]; now: number },
  decide: (budgets: ReadonlyMap<string, BudgetRow>) => Decision,
): Promise<readonly string[]> {
  return transaction(pool, async (db) => {
    const locked = await lockBudgets(db, scopes, now);
    const due = locked.filter((budget) => budget.due).map(({ scope }) => scope);
    if (due.length > 0) return due;
    const budgets = budgetRows(locked, await readLeases(db, processId, scopes));
    const decision = decide(budgets);
    await bookLeases(db, processId, budgets, decision.granted);
    await announceBudgets(db, decision);
    return [];
  });
}
