import type { Pool } from 'pg';
import { owners } from '../identity/owners.ts';
import { findEndUserLimit, insertEndUser } from './end-users.ts';
import { enforcedBudgets } from './enforced-budgets.ts';
import type { BudgetRules } from './follow-budgets.ts';

/**
 * What the budget of a customer is called that it is held to, null for none, and the one that it is linked to. A customer
 * without one may spend what `rules` say; it gets its row then, which else the first stored call makes.
 */
export async function endUserBudget(
  pool: Pool,
  userId: string,
  rules: BudgetRules,
): Promise<{ readonly scope: string | null; readonly budgetId: string | null }> {
  const written = await findEndUserLimit(pool, userId);
  const budgetId = written?.budget_id ?? null;
  const maxBudget = written?.max_budget ?? rules.endUserDefault ?? null;
  if (maxBudget === null) return { scope: null, budgetId };
  if (written === undefined) await insertEndUser(pool, userId);
  const [scope = null] = await enforcedBudgets(pool, [{ owner: owners.endUser(userId), maxBudget }], rules);
  return { scope, budgetId };
}
