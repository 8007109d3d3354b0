import type { Pool } from 'pg';
import type { Owner } from '../identity/owners.ts';
import { type Accounts, nameOf, readAccounts } from './accounts.ts';
import { transaction } from './connection.ts';
import { type BudgetRules, budgetLimit, followBudgets } from './follow-budgets.ts';

/** An owner, and what it may spend, in USD, as LiteLLM's columns say. */
export interface Limited {
  readonly owner: Owner;
  readonly maxBudget: number;
}

/** Whether the budget that is enforced is not the one that is written. */
function isStale({ owner, maxBudget }: Limited, accounts: Accounts): boolean {
  const limit = accounts.get(nameOf(owner))?.limit_pico ?? null;
  return limit === null || BigInt(limit) !== budgetLimit(maxBudget);
}

/**
 * What the budgets are called that these owners are held to, in the order given. What another program has written is followed
 * first.
 */
export async function enforcedBudgets(
  pool: Pool,
  limited: readonly Limited[],
  rules: BudgetRules,
): Promise<readonly string[]> {
  if (limited.length === 0) return [];
  const some = limited.map(({ owner }) => owner);
  let accounts = await readAccounts(pool, some);
  const stale = limited.filter((each) => isStale(each, accounts)).map(({ owner }) => owner);
  if (stale.length > 0) {
    await transaction(pool, (db) => followBudgets(db, stale, rules));
    accounts = await readAccounts(pool, some);
  }
  return some.flatMap((owner) => accounts.get(nameOf(owner))?.scope ?? []);
}
