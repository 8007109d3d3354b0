import type { Pool } from 'pg';
import type { WrittenEndUser } from '../admission/end-user-budgets.ts';
import { GatewayError } from '../http/errors.ts';
import { readCallLimits } from '../identity/key-limits.ts';
import { owners } from '../identity/owners.ts';
import { linkedBudget, readModelBudgets } from '../identity/written-budgets.ts';
import { findEndUserLimit, insertEndUser } from './end-users.ts';
import { enforcedBudgets } from './enforced-budgets.ts';
import type { BudgetRules } from './follow-budgets.ts';

/**
 * What holds a customer back. One without a budget has what `rules` say; it gets its row then, which else the first stored call
 * makes. Throws GatewayError no_default_budget where they name a budget that does not exist.
 */
export async function endUserBudget(pool: Pool, userId: string, rules: BudgetRules): Promise<WrittenEndUser> {
  const { endUserDefault } = rules;
  const written = await findEndUserLimit(pool, userId, endUserDefault?.budgetId ?? null);
  const { budget_id: budgetId, model_max_budget } = written;
  if (budgetId !== null && !written.found) {
    throw new GatewayError(
      'no_default_budget',
      `Customer '${userId}' has no budget of its own, and there is no budget '${budgetId}', which litellm_settings.max_end_user_budget_id names: the operator makes it by /budget/new`,
    );
  }
  const limits = readCallLimits(written);
  const owner = owners.endUser(userId);
  const max_budget = written.max_budget ?? endUserDefault?.maxBudget ?? null;
  const limited = [...linkedBudget({ ...written, max_budget }), ...readModelBudgets(model_max_budget)];
  if (limited.length === 0) return { budgets: [], budgetId, limits };
  if (!written.known) await insertEndUser(pool, userId);
  const budgets = await enforcedBudgets(
    pool,
    limited.map((budget) => ({ owner, budget, entire: true })),
    rules,
  );
  return { budgets, budgetId, limits };
}
