import type { Pool } from 'pg';
import type { WrittenTag } from '../admission/tag-budgets.ts';
import { readScope } from '../identity/budget-parts.ts';
import { readCallLimits } from '../identity/key-limits.ts';
import { owners, scopeOf } from '../identity/owners.ts';
import { readModelBudgets, wholeBudget } from '../identity/written-budgets.ts';
import { enforcedBudgets, type Limited } from './enforced-budgets.ts';
import type { BudgetRules } from './follow-budgets.ts';
import { limitedTags, type TagLimit } from './tags.ts';

function limitedBy({ tag_name, max_budget, model_max_budget }: TagLimit): readonly Limited[] {
  const owner = owners.tag(tag_name);
  return [...wholeBudget(max_budget), ...readModelBudgets(model_max_budget)].map((budget) => ({
    owner,
    budget,
  }));
}

/** What holds tags back: each that is linked to a budget, which is made what is written about it. */
export async function tagBudgets(pool: Pool, rules: BudgetRules): Promise<readonly WrittenTag[]> {
  const written = await limitedTags(pool);
  const budgets = await enforcedBudgets(pool, written.flatMap(limitedBy), rules);
  const byTag = Map.groupBy(budgets, (scope) => readScope(scope).whole);
  return written.map((tag) => ({
    name: tag.tag_name,
    budgetId: tag.budget_id,
    budgets: byTag.get(scopeOf(owners.tag(tag.tag_name))) ?? [],
    limits: readCallLimits(tag),
  }));
}
