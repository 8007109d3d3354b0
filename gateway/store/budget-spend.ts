import type { Pico } from '../accounting/money.ts';
import type { SpendRecord } from '../accounting/spend.ts';
import { keyScope } from './budgets.ts';
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

/** A key is charged for every call, also for one that began before the key had a budget. */
function sumsOf(calls: readonly SpendRecord[]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const call of calls) {
    const { spend: cost } = call;
    if (cost === 0n) continue;
    const endedAt = Math.floor(call.endTime / SECOND);
    const key = keyScope(call.apiKey);
    const unleased = call.charges.some(({ scope }) => scope === key)
      ? []
      : [{ scope: key, processId: null, leased: 0n }];
    for (const { scope, processId, leased } of [...call.charges, ...unleased]) {
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
 * spent. A call counts in the period in which it ended. The caller has locked the rows of their keys, whose `spend`
 * follows.
 */
export async function applySpend(db: Connection, calls: readonly SpendRecord[]): Promise<void> {
  const sums = sumsOf(calls);
  if (sums.length === 0) return;
  const locked = await rows<{ scope: string }>(db, {
    name: 'lock_spent_budgets',
    text: 'SELECT scope FROM budget_state WHERE scope = ANY ($1) ORDER BY scope FOR UPDATE',
    values: [sums.map(({ scope }) => scope)],
  });
  const known = new Set(locked.map(({ scope }) => scope));
  const counted = sums.filter(({ scope }) => known.has(scope));
  if (counted.length === 0) return;
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
        RETURNING s.scope, s.spent_pico + s.spent_next_pico AS spent_pico
      )
      UPDATE "LiteLLM_VerificationToken" k SET spend = charged.spent_pico / 1e12
      FROM charged WHERE charged.scope LIKE 'key:%' AND k.token = substr(charged.scope, 5)`,
    values: [
      counted.map(({ scope }) => scope),
      counted.map(({ processId }) => processId),
      counted.map(({ endedAt }) => endedAt),
      counted.map(({ spent }) => spent),
      counted.map(({ leased }) => leased),
    ],
  });
}
