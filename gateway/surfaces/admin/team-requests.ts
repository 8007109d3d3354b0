import { sortableTeamColumns } from '../../store/team-list.ts';
import { type WindowFields, windowFields } from './budget-fields.ts';
import { tagFields } from './folded-fields.ts';
import { budgetAmount, contentSwitch, LONGEST_ID, MOST_AT_ONCE, modelAliases } from './key-requests.ts';
import { callLimitFields, memberLimitFields, modelLimitFields, rateFields } from './limit-fields.ts';
import type { BudgetMembers } from './linked-budget.ts';
import type { MemberFields } from './member-budgets.ts';
import { pageNumber, pageSize } from './pages.ts';
import type { MembersFields } from './team-budgets.ts';
import type { TeamMetadataFields } from './team-limits.ts';
import { unenforcedMemberFields, unenforcedTeamFields } from './unenforced-owners.ts';
import { bodyReader, queryReader } from './validation.ts';

const text = { type: 'string' } as const;
const nullableText = { type: ['string', 'null'] } as const;
const nullableTexts = { type: ['array', 'null'], items: text } as const;
const nullableId = { type: ['string', 'null'], maxLength: LONGEST_ID } as const;
const id = { type: 'string', minLength: 1, maxLength: LONGEST_ID } as const;
const role = { enum: ['admin', 'user'] } as const;

/** A person as a request names one: by id, by address, or by both. */
export interface NamedMember {
  readonly role: 'admin' | 'user';
  readonly user_id?: string | null;
  readonly user_email?: string | null;
}

const member = {
  type: 'object',
  required: ['role'],
  properties: { role, user_id: nullableId, user_email: nullableId },
  anyOf: [
    { required: ['user_id'], properties: { user_id: id } },
    { required: ['user_email'], properties: { user_email: id } },
  ],
} as const;

export interface TeamFields extends BudgetMembers, WindowFields, TeamMetadataFields, MembersFields {
  readonly team_alias?: string | null;
  readonly organization_id?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly models?: readonly string[] | null;
  /** Models that members are bound to who have no list of their own. */
  readonly default_team_member_models?: readonly string[] | null;
  readonly blocked?: boolean | null;
  readonly team_member_permissions?: readonly string[] | null;
  /** Real names of models, by the names that callers use. */
  readonly model_aliases?: Readonly<Record<string, string>> | null;
}

const memberKeyFields = { team_member_key_duration: nullableText } as const;

const teamFields = {
  team_alias: nullableText,
  organization_id: nullableText,
  metadata: {
    type: ['object', 'null'],
    properties: { ...modelLimitFields, ...tagFields, ...memberKeyFields, ...contentSwitch },
  },
  models: nullableTexts,
  default_team_member_models: nullableTexts,
  blocked: { type: ['boolean', 'null'] },
  team_member_permissions: nullableTexts,
  model_aliases: modelAliases,
  max_budget: budgetAmount,
  soft_budget: budgetAmount,
  budget_duration: nullableText,
  ...windowFields,
  ...callLimitFields,
  ...modelLimitFields,
  ...tagFields,
  ...memberKeyFields,
  team_member_budget: budgetAmount,
  team_member_budget_duration: nullableText,
  ...memberLimitFields,
};

const memberFields = { max_budget_in_team: budgetAmount, ...rateFields, allowed_models: nullableTexts };

const options = { refused: unenforcedTeamFields, synonyms: { allowed_models: 'models' } };

export interface NewTeamRequest extends TeamFields {
  readonly team_id?: string | null;
  readonly members_with_roles?: readonly NamedMember[] | null;
  readonly admins?: readonly string[] | null;
  readonly members?: readonly string[] | null;
}

export const readNewTeam = bodyReader<NewTeamRequest>(
  {
    type: 'object',
    properties: {
      team_id: nullableId,
      members_with_roles: { type: ['array', 'null'], items: member },
      admins: { type: ['array', 'null'], items: id },
      members: { type: ['array', 'null'], items: id },
      ...teamFields,
    },
  },
  options,
);

export interface TeamUpdateRequest extends TeamFields {
  readonly team_id: string;
}

/** Members have routes of their own. */
export const membersFields = ['members_with_roles', 'admins', 'members'] as const;

export const readTeamUpdate = bodyReader<TeamUpdateRequest>(
  { type: 'object', required: ['team_id'], properties: { team_id: text, ...teamFields } },
  { ...options, refused: [...unenforcedTeamFields, ...membersFields] },
);

export const readTeamOnly = bodyReader<{ readonly team_id: string }>({
  type: 'object',
  required: ['team_id'],
  properties: { team_id: text },
});

export const readTeamDelete = bodyReader<{ readonly team_ids: readonly string[] }>({
  type: 'object',
  required: ['team_ids'],
  properties: { team_ids: { type: 'array', items: text, minItems: 1 } },
});

/** What it says of budget and limits it says of each of them. */
export interface MemberAddRequest extends MemberFields {
  readonly team_id: string;
  readonly member: NamedMember | readonly NamedMember[];
}

export const readMemberAdd = bodyReader<MemberAddRequest>(
  {
    type: 'object',
    required: ['team_id', 'member'],
    properties: {
      team_id: text,
      member: { anyOf: [member, { type: 'array', items: member, minItems: 1, maxItems: 500 }] },
      ...memberFields,
    },
  },
  { refused: unenforcedMemberFields },
);

export interface BulkMembersRequest extends MemberFields {
  readonly team_id: string;
  readonly members?: readonly NamedMember[] | null;
  readonly all_users?: boolean | null;
}

export const readBulkMembers = bodyReader<BulkMembersRequest>(
  {
    type: 'object',
    required: ['team_id'],
    properties: {
      team_id: text,
      members: { type: ['array', 'null'], items: member, maxItems: MOST_AT_ONCE },
      all_users: { type: ['boolean', 'null'] },
      ...memberFields,
    },
    anyOf: [
      { required: ['members'], properties: { members: { type: 'array', minItems: 1 } } },
      { required: ['all_users'], properties: { all_users: { const: true } } },
    ],
  },
  { refused: unenforcedMemberFields },
);

export const readTeamModels = bodyReader<{ readonly team_id: string; readonly models: readonly string[] }>({
  type: 'object',
  required: ['team_id', 'models'],
  properties: { team_id: text, models: { type: 'array', items: text, minItems: 1 } },
});

export const readTeamPermissions = bodyReader<{
  readonly team_id: string;
  readonly team_member_permissions: readonly string[];
}>({
  type: 'object',
  required: ['team_id', 'team_member_permissions'],
  properties: { team_id: text, team_member_permissions: { type: 'array', items: text } },
});

/** A member that is there already. */
export interface MemberName {
  readonly user_id?: string | null;
  readonly user_email?: string | null;
}

const memberName = {
  anyOf: [
    { required: ['user_id'], properties: { user_id: text } },
    { required: ['user_email'], properties: { user_email: text } },
  ],
};

export interface MemberUpdateRequest extends MemberName, MemberFields {
  readonly team_id: string;
  readonly role?: 'admin' | 'user' | null;
}

export const readMemberUpdate = bodyReader<MemberUpdateRequest>(
  {
    type: 'object',
    required: ['team_id'],
    properties: {
      team_id: text,
      user_id: nullableText,
      user_email: nullableText,
      role: { enum: ['admin', 'user', null] },
      ...memberFields,
    },
    ...memberName,
  },
  { refused: unenforcedMemberFields },
);

export const readMemberDelete = bodyReader<MemberName & { readonly team_id: string }>({
  type: 'object',
  required: ['team_id'],
  properties: { team_id: text, user_id: nullableText, user_email: nullableText },
  ...memberName,
});

export const readTeamQuery = queryReader<{ readonly team_id: string }>({
  type: 'object',
  required: ['team_id'],
  properties: { team_id: text },
});

export const readTeamListQuery = queryReader<{
  readonly user_id?: string;
  readonly organization_id?: string;
}>({ type: 'object', properties: { user_id: text, organization_id: text } });

export interface TeamPageQuery {
  readonly user_id?: string;
  readonly organization_id?: string;
  readonly team_id?: string;
  readonly team_alias?: string;
  readonly page: number;
  readonly page_size: number;
  readonly sort_by?: (typeof sortableTeamColumns)[number];
  readonly sort_order: 'asc' | 'desc';
  readonly status?: string;
}

export const readTeamPageQuery = queryReader<TeamPageQuery>({
  type: 'object',
  properties: {
    user_id: text,
    organization_id: text,
    team_id: text,
    team_alias: text,
    page: pageNumber,
    page_size: pageSize(10),
    sort_by: { enum: sortableTeamColumns },
    sort_order: { enum: ['asc', 'desc'], default: 'desc' },
    status: text,
  },
});
