import { budgetMemberFields } from './budget-member-fields.ts';
import { LONGEST_ID } from './key-requests.ts';
import type { BudgetMembers } from './linked-budget.ts';
import { unenforcedCustomerFields } from './unenforced-owners.ts';
import { bodyReader, queryReader } from './validation.ts';

const id = { type: 'string', minLength: 1, maxLength: LONGEST_ID } as const;

export interface CustomerRequest extends BudgetMembers {
  readonly user_id: string;
  readonly budget_id?: string | null;
  readonly alias?: string | null;
  readonly blocked?: boolean | null;
  readonly spend?: number | null;
}

export const readCustomer = bodyReader<CustomerRequest>(
  {
    type: 'object',
    required: ['user_id'],
    properties: {
      user_id: id,
      alias: { type: ['string', 'null'] },
      blocked: { type: ['boolean', 'null'] },
      spend: { type: ['number', 'null'], minimum: 0 },
      ...budgetMemberFields,
    },
  },
  { refused: unenforcedCustomerFields },
);

export const readCustomers = bodyReader<{ readonly user_ids: readonly string[] }>({
  type: 'object',
  required: ['user_ids'],
  properties: { user_ids: { type: 'array', items: id, minItems: 1 } },
});

export const readInfoQuery = queryReader<{ readonly end_user_id: string }>({
  type: 'object',
  required: ['end_user_id'],
  properties: { end_user_id: id },
});
