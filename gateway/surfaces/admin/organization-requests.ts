import { budgetMemberFields } from './budget-member-fields.ts';
import { budgetAmount, LONGEST_ID } from './key-requests.ts';
import { type ModelLimitFields, modelLimitFields } from './limit-fields.ts';
import type { BudgetMembers } from './linked-budget.ts';
import type { NamedPerson } from './people.ts';
import { unenforcedOrganizationFields } from './unenforced-owners.ts';
import { bodyReader, queryReader } from './validation.ts';

const id = { type: 'string', minLength: 1, maxLength: LONGEST_ID } as const;
const nullableText = { type: ['string', 'null'] } as const;
const nullableId = { ...nullableText, maxLength: LONGEST_ID } as const;
const ids = { type: 'array', items: id, minItems: 1, maxItems: 1000 } as const;

export interface OrganizationFields extends BudgetMembers, ModelLimitFields {
  readonly organization_alias?: string | null;
  readonly models?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly budget_id?: string | null;
}

const fields = {
  models: { type: ['array', 'null'], items: { type: 'string' } },
  metadata: { type: ['object', 'null'], properties: modelLimitFields },
  ...modelLimitFields,
  ...budgetMemberFields,
} as const;

const options = { refused: unenforcedOrganizationFields, synonyms: { allowed_models: 'models' } };

export const readNewOrganization = bodyReader<
  OrganizationFields & { readonly organization_alias: string; readonly organization_id?: string | null }
>(
  {
    type: 'object',
    required: ['organization_alias'],
    properties: { organization_alias: id, organization_id: nullableId, ...fields },
  },
  options,
);

export const readOrganizationUpdate = bodyReader<OrganizationFields & { readonly organization_id: string }>(
  {
    type: 'object',
    required: ['organization_id'],
    properties: { organization_id: id, organization_alias: nullableId, ...fields },
  },
  options,
);

export const readOrganizationDelete = bodyReader<{ readonly organization_ids: readonly string[] }>({
  type: 'object',
  required: ['organization_ids'],
  properties: { organization_ids: ids },
});

export const readOrganizationsAsked = bodyReader<{ readonly organizations: readonly string[] }>({
  type: 'object',
  required: ['organizations'],
  properties: { organizations: ids },
});

export const readOrganizationQuery = queryReader<{ readonly organization_id: string }>({
  type: 'object',
  required: ['organization_id'],
  properties: { organization_id: id },
});

const roles = ['org_admin', 'internal_user', 'internal_user_viewer'] as const;
export type OrganizationRole = (typeof roles)[number];

const named = {
  anyOf: [
    { required: ['user_id'], properties: { user_id: id } },
    { required: ['user_email'], properties: { user_email: id } },
  ],
};

export interface NewOrganizationMember extends NamedPerson {
  readonly role: OrganizationRole;
}

const member = {
  type: 'object',
  required: ['role'],
  properties: { role: { enum: roles }, user_id: nullableId, user_email: nullableId },
  ...named,
} as const;

/** What one member may spend in the organisation, in USD. */
export interface OrganizationMemberBudget {
  readonly max_budget_in_organization?: number | '' | null;
}

export const readOrganizationMemberAdd = bodyReader<
  OrganizationMemberBudget & {
    readonly organization_id: string;
    readonly member: NewOrganizationMember | readonly NewOrganizationMember[];
  }
>({
  type: 'object',
  required: ['organization_id', 'member'],
  properties: {
    organization_id: id,
    member: { anyOf: [member, { type: 'array', items: member, minItems: 1, maxItems: 500 }] },
    max_budget_in_organization: budgetAmount,
  },
});

interface MemberName extends NamedPerson {
  readonly organization_id: string;
}

const memberName = { organization_id: id, user_id: nullableId, user_email: nullableId } as const;

export const readOrganizationMemberUpdate = bodyReader<
  MemberName & OrganizationMemberBudget & { readonly role?: OrganizationRole | null }
>({
  type: 'object',
  required: ['organization_id'],
  properties: {
    ...memberName,
    role: { enum: [...roles, null] },
    max_budget_in_organization: budgetAmount,
  },
  ...named,
});

export const readOrganizationMemberDelete = bodyReader<MemberName>({
  type: 'object',
  required: ['organization_id'],
  properties: memberName,
  ...named,
});
