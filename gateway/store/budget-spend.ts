import { type Pico, picoFromUsd } from '../accounting/money.ts';
import type { SpendRecord } from '../accounting/spend.ts';
import { budgetedNames, readScope } from '../identity/budget-parts.ts';
import { scopeOf } from '../identity/owners.ts';
import { type NamedBudget, nameOf, namesOf, ownerOfBudget } from './accounts.ts';
import type { AlikeCalls } from './alike-calls.ts';
import { type AlertRules, isNearlySpent, raiseAlerts } from './budget-alerts.ts';
import { type Connection, rows } from './connection.ts';
import { budgetLimit, readWritten } from './follow-budgets.ts';
import { type OwnerRow, showSpent } from './owner-rows.ts';
import { lockSpenders, type Spenders } from './spenders.ts';

/** What calls of one second add to one budget. Money is pico-dollars. */
interface Sum {
  readonly scope: string;
  /** Null: not out of a lease. */
  readonly processId: string | null;
  /** Seconds since 1970; periods begin and end at whole ones. */
  readonly endedAt: number;
  spent: Pico;
  /** The part that the process had leased for it. */
  leased: Pico;
}

/** Budgets by `nameOf` their owners. */
function byOwner(budgets: readonly NamedBudget[]): ReadonlyMap<string, string> {
  return new Map(
    budgets.flatMap((budget) => {
      const owner = ownerOfBudget(budget);
      return owner === null ? [] : [[nameOf(owner), budget.scope] as const];
    }),
  );
}

/** The budgets that calls are charged to, with the parts of those of their owners, locked in the order of their names. */
async function lockBudgets(
  db: Connection,
  groups: readonly AlikeCalls[],
  spenders: readonly OwnerRow[],
): Promise<readonly NamedBudget[]> {
  const { scopes, tokens } = namesOf(spenders.map(({ owner }) => owner));
  const charged = groups.flatMap(({ call }) => call.charges.map(({ scope }) => scope));
  return rows<NamedBudget>(db, {
    name: 'lock_spent_budgets',
    text: `
      WITH wholes AS (SELECT scope FROM budget_state WHERE scope = ANY ($1) OR token = ANY ($2))
      SELECT scope, token, part_of FROM budget_state
      WHERE scope = ANY (ARRAY(
        SELECT scope FROM wholes
        UNION ALL SELECT p.scope FROM budget_state p JOIN wholes ON p.part_of = wholes.scope
      ))
      ORDER BY scope FOR UPDATE`,
    values: [[...new Set([...scopes, ...charged])], tokens],
  });
}

/** Begins to count, to the pico-dollar, what those spend whose rows were all that did. The rows are locked. */
async function openAccounts(db: Connection, some: readonly OwnerRow[]): Promise<NamedBudget[]> {
  if (some.length === 0) return [];
  // What customers have by default is followed when one of them calls.
  const written = await readWritten(
    db,
    some.map(({ owner }) => owner),
    { endUserDefault: null },
  );
  const soft = new Map(
    written.flatMap(({ owner, softBudget }) =>
      softBudget === null ? [] : [[nameOf(owner), budgetLimit(softBudget)] as const],
    ),
  );
  const opened = some.map(({ owner, spend }) => ({
    scope: scopeOf(owner),
    token: owner.kind === 'key' ? (owner.ids[0] as string) : null,
    part_of: null,
    spent: picoFromUsd(spend),
    soft: soft.get(nameOf(owner)) ?? null,
  }));
  await rows(db, {
    name: 'open_accounts',
    text: `
      INSERT INTO budget_state (scope, token, spent_pico, soft_pico)
      SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[], $4::numeric[])`,
    values: [
      opened.map(({ scope }) => scope),
      opened.map(({ token }) => token),
      opened.map(({ spent }) => spent),
      opened.map(({ soft: amount }) => amount),
    ],
  });
  return opened;
}

/** The parts of budgets, by the whole that each is a part of. */
type Parts = ReadonlyMap<string | null, readonly NamedBudget[]>;

/** The budget of an owner that a call is charged to, and the parts that it falls into. */
function withParts(whole: string, { modelNames }: SpendRecord, parts: Parts): string[] {
  const own = (parts.get(whole) ?? []).filter(({ scope }) => {
    const { part } = readScope(scope);
    return part?.kind !== 'model' || budgetedNames(modelNames).includes(part.name);
  });
  return [whole, ...own.map(({ scope }) => scope)];
}

/** Everybody is charged for every call, also for one that began before there was a budget. */
function sumsOf(
  groups: readonly AlikeCalls[],
  budgets: readonly NamedBudget[],
  spenders: Spenders,
): readonly Sum[] {
  const known = new Set(budgets.map(({ scope }) => scope));
  const scopes = byOwner(budgets);
  const parts: Parts = Map.groupBy(budgets, ({ part_of }) => part_of);
  const sums = new Map<string, Sum>();
  for (const { call, spend, endedAt, leased: held } of groups) {
    const leases = call.charges.map(({ scope, processId }, at) => ({
      scope,
      processId,
      leased: held[at] as Pico,
    }));
    const unleased = spenders
      .of(call)
      .flatMap((owner) => withParts(scopes.get(nameOf(owner)) as string, call, parts))
      .filter((scope) => !leases.some((lease) => lease.scope === scope))
      .map((scope) => ({ scope, processId: null, leased: 0n }));
    for (const { scope, processId, leased } of [...leases, ...unleased]) {
      if (!known.has(scope)) continue;
      const name = `${scope} ${processId} ${endedAt}`;
      const sum = sums.get(name) ?? { scope, processId, endedAt, spent: 0n, leased: 0n };
      sum.spent += spend;
      sum.leased += leased;
      sums.set(name, sum);
    }
  }
  return [...sums.values()];
}

interface Charged extends NamedBudget {
  readonly spent: string;
  readonly added: string;
  /** Whether there may be something to tell of it. */
  readonly near: boolean;
}

/** Adds sums to their budgets, and takes them out of the leases; what is spent then. */
async function charge(db: Connection, sums: readonly Sum[]): Promise<readonly Charged[]> {
  return rows<Charged>(db, {
    name: 'apply_spend',
    text: `
      WITH sums AS (
        SELECT scope, process_id, spent, leased, timestamp 'epoch' + ended_at * interval '1 second' AS ended_at
        FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::numeric[], $5::numeric[])
          AS t (scope, process_id, ended_at, spent, leased)
      ), lease AS (
        UPDATE budget_leases l SET stored_pico = l.stored_pico + used.leased
        FROM (SELECT scope, process_id, sum(leased) AS leased FROM sums GROUP BY scope, process_id) used
        WHERE l.scope = used.scope AND l.process_id = used.process_id
        RETURNING l.scope, used.leased
      ), charge AS (
        SELECT s.scope, sum(sums.spent) AS added,
          sum(sums.spent) FILTER (WHERE sums.ended_at >= s.period_start
            AND (s.resets_at IS NULL OR sums.ended_at < s.resets_at)) AS spent,
          sum(sums.spent) FILTER (WHERE sums.ended_at >= s.resets_at) AS spent_next
        FROM budget_state s JOIN sums ON sums.scope = s.scope GROUP BY s.scope
      )
      UPDATE budget_state s SET
        spent_pico = s.spent_pico + coalesce(charge.spent, 0),
        spent_next_pico = s.spent_next_pico + coalesce(charge.spent_next, 0),
        leased_pico = s.leased_pico - coalesce((SELECT sum(leased) FROM lease WHERE lease.scope = s.scope), 0)
      FROM charge WHERE s.scope = charge.scope
      RETURNING s.scope, s.token, s.part_of, (s.spent_pico + s.spent_next_pico)::text AS spent, charge.added::text AS added,
        ${isNearlySpent} AS near`,
    values: [
      sums.map(({ scope }) => scope),
      sums.map(({ processId }) => processId),
      sums.map(({ endedAt }) => endedAt),
      sums.map(({ spent }) => spent),
      sums.map(({ leased }) => leased),
    ],
  });
}

/**
 * Counts what calls cost for all whose money it is, in the transaction that stores their rows: out of the leases and into
 * what is spent. A call counts in the period in which it ended. Each row is written once, and LiteLLM's columns follow. Rows of
 * owners are locked before budgets, as everywhere. With rules for alerts what is to be told is written along.
 */
export async function applySpend(
  db: Connection,
  groups: readonly AlikeCalls[],
  alerts: AlertRules | null = null,
): Promise<void> {
  const costly = groups.filter(({ spend }) => spend !== 0n);
  if (costly.length === 0) return;
  const spenders = await lockSpenders(
    db,
    costly.map(({ call }) => call),
  );
  const rowsOf = [...spenders.rows.values()];
  const locked = await lockBudgets(db, costly, rowsOf);
  const have = byOwner(locked);
  const opened = await openAccounts(
    db,
    rowsOf.filter(({ owner }) => !have.has(nameOf(owner))),
  );
  const sums = sumsOf(costly, [...locked, ...opened], spenders);
  if (sums.length === 0) return;
  const charged = await charge(db, sums);
  const shown = charged.flatMap(({ spent, added, scope, token, part_of }) => {
    const owner = ownerOfBudget({ scope, token, part_of });
    return owner === null || !spenders.rows.has(nameOf(owner)) ? [] : [{ owner, spent, added }];
  });
  await showSpent(db, shown);
  if (alerts === null) return;
  const near = charged.filter((budget) => budget.near).map(({ scope }) => scope);
  await raiseAlerts(db, near, alerts);
}
