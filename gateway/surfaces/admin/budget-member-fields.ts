import { modelBudgetFields } from './budget-fields.ts';
import { budgetAmount } from './key-requests.ts';
import { callLimitFields } from './limit-fields.ts';

const nullableText = { type: ['string', 'null'] } as const;

/** What a request may say of the budget that tags, customers and organisations are linked to: BudgetMembers, or which one it is. */
export const budgetMemberFields = {
  budget_id: nullableText,
  max_budget: budgetAmount,
  soft_budget: budgetAmount,
  budget_duration: nullableText,
  ...modelBudgetFields,
  ...callLimitFields,
} as const;
