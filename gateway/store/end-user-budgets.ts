import type { Pool } from 'pg';
import type { WrittenEndUser } from '../admission/end-user-budgets.ts';
import { NO_LIMITS, readCallLimits } from '../identity/key-limits.ts';
import { owners } from '../identity/owners.ts';
import { readModelBudgets, wholeBudget } from '../identity/written-budgets.ts';
import { findEndUserLimit, insertEndUser } from './end-users.ts';
import { enforcedBudgets } from './enforced-budgets.ts';
import type { BudgetRules } from './follow-budgets.ts';

/**
 * What holds a customer back. One without a budget may spend what `rules` say; it gets its row then, which else the first
 * stored call makes.
 */
export async function endUserBudget(pool: Pool, userId: string, rules: BudgetRules): Promise<WrittenEndUser> {
  const written = await findEndUserLimit(pool, userId);
  const budgetId = written?.budget_id ?? null;
  const limits = written === undefined ? NO_LIMITS : readCallLimits(written);
  const maxBudget = written?.max_budget ?? rules.endUserDefault;
  const owner = owners.endUser(userId);
  const limited = [...wholeBudget(maxBudget), ...readModelBudgets(written?.model_max_budget)];
  if (limited.length === 0) return { budgets: [], budgetId, limits };
  if (written === undefined) await insertEndUser(pool, userId);
  const budgets = await enforcedBudgets(
    pool,
    limited.map((budget) => ({ owner, budget })),
    rules,
  );
  return { budgets, budgetId, limits };
}
