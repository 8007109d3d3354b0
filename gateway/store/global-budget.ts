import type { Pool } from 'pg';
import type { GlobalBudget } from '../config/config.ts';
import { owners, PROXY_BUDGET_USER } from '../identity/owners.ts';
import { rows, transaction } from './connection.ts';
import { type BudgetRules, followBudgets } from './follow-budgets.ts';

/** Makes the budget of the whole gateway what the configuration says; LiteLLM keeps it in the row of a user. */
export async function setGlobalBudget(
  pool: Pool,
  { maxBudget, duration }: GlobalBudget,
  rules: BudgetRules,
): Promise<void> {
  await transaction(pool, async (db) => {
    await rows(db, {
      text: `
        INSERT INTO "LiteLLM_UserTable" AS u (user_id, max_budget, budget_duration) VALUES ($1, $2, $3)
        ON CONFLICT (user_id) DO UPDATE SET max_budget = excluded.max_budget, budget_duration = excluded.budget_duration,
          budget_reset_at = CASE WHEN u.budget_duration = excluded.budget_duration THEN u.budget_reset_at END`,
      values: [PROXY_BUDGET_USER, maxBudget, duration],
    });
    await followBudgets(db, [owners.global], rules);
  });
}
