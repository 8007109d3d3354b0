import type { Pool } from 'pg';
import type { WrittenTag } from '../admission/tag-budgets.ts';
import { readCallLimits } from '../identity/key-limits.ts';
import { owners, scopeOf } from '../identity/owners.ts';
import { enforcedBudgets } from './enforced-budgets.ts';
import type { BudgetRules } from './follow-budgets.ts';
import { limitedTags } from './tags.ts';

/** What holds tags back: each that is linked to a budget, which is made what is written about it. */
export async function tagBudgets(pool: Pool, rules: BudgetRules): Promise<readonly WrittenTag[]> {
  const written = await limitedTags(pool);
  const limited = written.flatMap(({ tag_name, max_budget: maxBudget }) =>
    maxBudget === null ? [] : [{ owner: owners.tag(tag_name), maxBudget }],
  );
  const enforced = new Set(await enforcedBudgets(pool, limited, rules));
  return written.map((tag) => {
    const scope = scopeOf(owners.tag(tag.tag_name));
    return {
      name: tag.tag_name,
      budgetId: tag.budget_id,
      scope: enforced.has(scope) ? scope : null,
      limits: readCallLimits(tag),
    };
  });
}
