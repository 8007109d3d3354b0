import type { Pico } from '../accounting/money.ts';
import type { SpendRecord } from '../accounting/spend.ts';
import { type Connection, rows } from './connection.ts';

const SECOND = 1000;

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

interface KnownBudget {
  readonly scope: string;
  /** The key that has it. */
  readonly token: string | null;
}

/** The budgets that calls are charged to, locked in the order of their names. */
async function lockBudgets(
  db: Connection,
  calls: readonly SpendRecord[],
  keys: ReadonlyMap<string, string>,
): Promise<readonly KnownBudget[]> {
  const scopes = new Set(calls.flatMap(({ charges }) => charges.map(({ scope }) => scope)));
  return rows<KnownBudget>(db, {
    name: 'lock_spent_budgets',
    text: `
      SELECT scope, token FROM budget_state WHERE scope = ANY ($1) OR token = ANY ($2)
      ORDER BY scope FOR UPDATE`,
    values: [[...scopes], [...keys.values()]],
  });
}

/** A key is charged for every call, also for one that began before the key had a budget. */
function sumsOf(
  calls: readonly SpendRecord[],
  budgets: readonly KnownBudget[],
  keys: ReadonlyMap<string, string>,
): Sum[] {
  const known = new Set(budgets.map(({ scope }) => scope));
  const ofKeys = new Map(budgets.map(({ scope, token }) => [token, scope]));
  const sums = new Map<string, Sum>();
  for (const { spend: cost, endTime, apiKey, charges } of calls) {
    const endedAt = Math.floor(endTime / SECOND);
    const key = ofKeys.get(keys.get(apiKey) ?? apiKey);
    const unleased =
      key === undefined || charges.some(({ scope }) => scope === key)
        ? []
        : [{ scope: key, processId: null, leased: 0n }];
    for (const { scope, processId, leased } of [...charges, ...unleased]) {
      if (!known.has(scope)) continue;
      const name = `${scope} ${processId} ${endedAt}`;
      const sum = sums.get(name) ?? { scope, processId, endedAt, spent: 0n, leased: 0n };
      sum.spent += cost;
      sum.leased += leased;
      sums.set(name, sum);
    }
  }
  return [...sums.values()];
}

/**
 * Counts what calls cost in their budgets, in the transaction that stores their rows: out of the leases and into what is
 * spent. A call counts in the period in which it ended. `keys`: by the hash that each call's key had, the one that it has now.
 * The caller has locked the rows of these keys, whose `spend` follows.
 */
export async function applySpend(
  db: Connection,
  calls: readonly SpendRecord[],
  keys: ReadonlyMap<string, string>,
): Promise<void> {
  const costly = calls.filter(({ spend }) => spend !== 0n);
  if (costly.length === 0) return;
  const sums = sumsOf(costly, await lockBudgets(db, costly, keys), keys);
  if (sums.length === 0) return;
  await rows(db, {
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
        SELECT s.scope,
          sum(sums.spent) FILTER (WHERE sums.ended_at >= s.period_start
            AND (s.resets_at IS NULL OR sums.ended_at < s.resets_at)) AS spent,
          sum(sums.spent) FILTER (WHERE sums.ended_at >= s.resets_at) AS spent_next
        FROM budget_state s JOIN sums ON sums.scope = s.scope GROUP BY s.scope
      ), charged AS (
        UPDATE budget_state s SET
          spent_pico = s.spent_pico + coalesce(charge.spent, 0),
          spent_next_pico = s.spent_next_pico + coalesce(charge.spent_next, 0),
          leased_pico = s.leased_pico - coalesce((SELECT sum(leased) FROM lease WHERE lease.scope = s.scope), 0)
        FROM charge WHERE s.scope = charge.scope
        RETURNING s.token, s.spent_pico + s.spent_next_pico AS spent_pico
      )
      UPDATE "LiteLLM_VerificationToken" k SET spend = charged.spent_pico / 1e12
      FROM charged WHERE k.token = charged.token`,
    values: [
      sums.map(({ scope }) => scope),
      sums.map(({ processId }) => processId),
      sums.map(({ endedAt }) => endedAt),
      sums.map(({ spent }) => spent),
      sums.map(({ leased }) => leased),
    ],
  });
}
