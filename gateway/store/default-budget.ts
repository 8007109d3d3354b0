import type { Pool } from 'pg';
import { owners } from '../identity/owners.ts';
import { type Account, nameOf, readAccounts } from './accounts.ts';
import { type Connection, transaction } from './connection.ts';
import { endUsersWithoutBudget } from './end-users.ts';
import { type BudgetRules, followBudgets } from './follow-budgets.ts';

/** Customers whose budgets are made to follow in one transaction. */
const PAGE = 500;

/** Whether customers without a budget of their own have this one. */
export function isEndUserDefault(
  budgetId: string,
  { endUserDefault }: Pick<BudgetRules, 'endUserDefault'>,
): boolean {
  return budgetId === endUserDefault?.budgetId;
}

/** Which customers follow: by what they have spent, in USD, and their account, where they have one. */
type Chosen = (spend: number, account: Account | undefined) => boolean;

/** One page of customers without a budget of their own, and where it ends; undefined behind the last. */
async function followPage(
  db: Connection,
  { rules, chosen, after }: { rules: BudgetRules; chosen: Chosen; after: string },
): Promise<string | undefined> {
  const page = await endUsersWithoutBudget(db, { after, limit: PAGE });
  const some = page.map(({ user_id, spend }) => ({ owner: owners.endUser(user_id), spend }));
  const accounts = await readAccounts(
    db,
    some.map(({ owner }) => owner),
  );
  const those = some.filter(({ owner, spend }) => chosen(spend, accounts.get(nameOf(owner))));
  await followBudgets(
    db,
    those.map(({ owner }) => owner),
    rules,
  );
  return page.length < PAGE ? undefined : page.at(-1)?.user_id;
}

/** Makes the budgets of those who are chosen what is written, page by page: there may be millions. Ends early where it is aborted. */
async function followPages(
  pool: Pool,
  { rules, chosen, closing }: { rules: BudgetRules; chosen: Chosen; closing?: AbortSignal | undefined },
): Promise<void> {
  let last: string | undefined = '';
  while (last !== undefined && !closing?.aborted) {
    const after: string = last;
    last = await transaction(pool, (db) => followPage(db, { rules, chosen, after }));
  }
}

/**
 * After the default was changed: makes it the budget of all who have an account. Whoever calls meanwhile follows by itself, and
 * who has no account gets it when it calls.
 */
export function followDefault(pool: Pool, rules: BudgetRules): Promise<void> {
  return followPages(pool, { rules, chosen: (_spend, account) => account !== undefined });
}

/**
 * Before the end of the default's period is moved on: makes it the end of all who would miss it, for they have spent and have no
 * account yet, or one that was made when something else was their default.
 */
export function catchUpWithDefault(
  pool: Pool,
  { rules, duration, closing }: { rules: BudgetRules; duration: string; closing: AbortSignal | undefined },
): Promise<void> {
  const chosen: Chosen = (spend, account) =>
    account === undefined ? spend !== 0 : account.duration !== duration;
  return followPages(pool, { rules, chosen, closing });
}
