import type { Pool } from 'pg';
import type { Pico } from '../accounting/money.ts';
import type { Owner } from '../identity/owners.ts';
import type { WrittenBudget } from '../identity/written-budgets.ts';
import { type Accounts, nameOf, readAccounts } from './accounts.ts';
import { transaction } from './connection.ts';
import { type BudgetRules, followBudgets, increaseOf, limitOf, softOf } from './follow-budgets.ts';

/** A budget of an owner that calls are held to, as LiteLLM's columns say it. */
export interface Limited {
  readonly owner: Owner;
  readonly budget: WrittenBudget;
  /** Whether duration and soft budget are told of a whole, too; else they are followed by who sets them. */
  readonly entire?: boolean;
}

const picoOf = (column: string | null): Pico | null => (column === null ? null : BigInt(column));

/** Whether the budget that is enforced is not the one that is written. */
function isStale({ owner, budget, entire = false }: Limited, accounts: Accounts): boolean {
  const account = accounts.get(nameOf(owner, budget.part));
  if (account === undefined) return true;
  if ((entire || budget.part !== null) && account.duration !== budget.duration) return true;
  if (entire && picoOf(account.soft_pico) !== softOf(budget)) return true;
  const [written, increase] = [limitOf(budget), increaseOf(budget)];
  return (
    picoOf(account.limit_pico) !== written ||
    BigInt(account.increase_pico ?? 0) !== (increase?.amount ?? 0n) ||
    account.increase_until?.getTime() !== increase?.until.getTime()
  );
}

/**
 * What the budgets are called that these owners are held to, in the order given. What another program has written is followed
 * first, also of budgets that limit nothing.
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
  const held = limited.filter(({ budget }) => budget.maxBudget !== null);
  return held.flatMap(({ owner, budget }) => accounts.get(nameOf(owner, budget.part))?.scope ?? []);
}
