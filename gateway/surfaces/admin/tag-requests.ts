import { LARGEST_BUDGET } from './budget-fields.ts';
import { budgetMemberFields } from './budget-member-fields.ts';
import { LONGEST_ID } from './key-requests.ts';
import type { BudgetMembers } from './linked-budget.ts';
import { unenforcedTagFields } from './unenforced-owners.ts';
import { bodyReader } from './validation.ts';

const name = { type: 'string', minLength: 1, maxLength: LONGEST_ID } as const;
const nullableText = { type: ['string', 'null'] } as const;

export interface TagRequest extends BudgetMembers {
  readonly name: string;
  readonly description?: string | null;
  readonly budget_id?: string | null;
}

const fields = {
  name,
  description: nullableText,
  ...budgetMemberFields,
} as const;

const options = { refused: unenforcedTagFields };

export const readNewTag = bodyReader<TagRequest>(
  { type: 'object', required: ['name'], properties: fields },
  options,
);

export const readTagUpdate = bodyReader<TagRequest & { readonly spend?: number | null }>(
  {
    type: 'object',
    required: ['name'],
    properties: { ...fields, spend: { type: ['number', 'null'], minimum: 0, maximum: LARGEST_BUDGET } },
  },
  options,
);

export const readTagNames = bodyReader<{ readonly names: readonly string[] }>({
  type: 'object',
  required: ['names'],
  properties: { names: { type: 'array', items: name, minItems: 1, maxItems: 1000 } },
});

export const readTagDelete = bodyReader<{ readonly name: string }>({
  type: 'object',
  required: ['name'],
  properties: { name },
});
