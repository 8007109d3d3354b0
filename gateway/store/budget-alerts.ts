import type { Owner } from '../identity/owners.ts';
import {
  type AlertMemory,
  type DueAlerts,
  dueAlerts,
  type WatchedBudget,
} from '../observe/alerts/due-alerts.ts';
import { webhookBody } from '../observe/alerts/webhook-event.ts';
import { type NamedBudget, nameOf, ownerOfBudget } from './accounts.ts';
import { insertAlerts } from './alert-outbox.ts';
import { factsOfOwners } from './alerted-owners.ts';
import { type Connection, rows } from './connection.ts';

/** How it is told that budgets are spent. */
export interface AlertRules {
  /** How long what was told is not told again of budgets without a period, or with a shorter one; milliseconds. */
  readonly ttlMs: number;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** Whether so much is spent of a budget `s` that there may be something to tell; never null. */
export const isNearlySpent = `coalesce(s.spent_pico * 100 >= s.limit_pico * 85 OR s.spent_pico >= s.soft_pico, false)`;

interface WatchedRow extends NamedBudget {
  readonly spent: string;
  readonly limit: string | null;
  readonly soft: string | null;
  readonly period_start: number;
  readonly resets_at: number | null;
  readonly level: number;
  readonly quiet_until: number | null;
  readonly soft_quiet_until: number | null;
}

const epochMs = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

async function readWatched(
  db: Connection,
  scopes: readonly string[],
  now: number,
): Promise<readonly WatchedRow[]> {
  return rows<WatchedRow>(db, {
    name: 'nearly_spent_budgets',
    text: `
      SELECT s.scope, s.token, s.part_of, s.spent_pico::text AS spent, s.soft_pico::text AS soft,
        (s.limit_pico + CASE WHEN s.increase_until > $2 THEN s.increase_pico ELSE 0 END)::text AS limit,
        ${epochMs('s.period_start')} AS period_start, ${epochMs('s.resets_at')} AS resets_at, s.alert_level AS level,
        ${epochMs('s.alert_quiet_until')} AS quiet_until, ${epochMs('s.soft_quiet_until')} AS soft_quiet_until
      FROM budget_state s WHERE s.scope = ANY ($1) AND ${isNearlySpent}`,
    values: [scopes, new Date(now).toISOString()],
  });
}

const pico = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

function watchedBudget(row: WatchedRow): WatchedBudget {
  return {
    spent: BigInt(row.spent),
    limit: pico(row.limit),
    soft: pico(row.soft),
    periodStart: row.period_start,
    resetsAt: row.resets_at,
    memory: { level: row.level, quietUntil: row.quiet_until, softQuietUntil: row.soft_quiet_until },
  };
}

/** A budget of which there is something to tell. */
interface Told {
  readonly scope: string;
  readonly owner: Owner;
  readonly budget: WatchedBudget;
  readonly due: DueAlerts;
}

async function remember(db: Connection, told: readonly Told[]): Promise<void> {
  const column = <T>(value: (memory: AlertMemory) => T): T[] => told.map(({ due }) => value(due.memory));
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  await rows(db, {
    text: `
      UPDATE budget_state s SET alert_level = told.level, alert_quiet_until = told.until, soft_quiet_until = told.soft_until
      FROM unnest($1::text[], $2::smallint[], $3::timestamp[], $4::timestamp[]) AS told (scope, level, until, soft_until)
      WHERE s.scope = told.scope`,
    values: [
      told.map(({ scope }) => scope),
      column(({ level }) => level),
      column(({ quietUntil }) => time(quietUntil)),
      column(({ softQuietUntil }) => time(softQuietUntil)),
    ],
  });
}

/**
 * Writes into the outbox what is to be told of these budgets, which the caller's transaction has locked and changed: they are
 * committed together or not at all, and whoever changes the budget next sees what was told. Parts, and budgets of nobody that
 * the gateway knows, are left out.
 */
export async function raiseAlerts(
  db: Connection,
  scopes: readonly string[],
  rules: AlertRules,
): Promise<void> {
  if (scopes.length === 0) return;
  const times = { now: rules.clock(), ttlMs: rules.ttlMs };
  const told: Told[] = [];
  for (const row of await readWatched(db, scopes, times.now)) {
    const [owner, budget] = [ownerOfBudget(row), watchedBudget(row)];
    const due = dueAlerts(budget, times);
    if (owner !== null && due !== null) told.push({ scope: row.scope, owner, budget, due });
  }
  if (told.length === 0) return;
  const facts = await factsOfOwners(
    db,
    told.map(({ owner }) => owner),
  );
  const alerts = told.flatMap(({ scope, owner, budget, due }) => {
    const known = facts.get(nameOf(owner));
    if (known === undefined) return [];
    const about = { ...budget, kind: owner.kind, facts: known, at: times.now };
    return due.alerts.map((alert) => ({
      event: alert.event,
      scope,
      body: webhookBody({ ...about, ...alert }),
    }));
  });
  await remember(db, told);
  await insertAlerts(db, alerts, times.now);
}
