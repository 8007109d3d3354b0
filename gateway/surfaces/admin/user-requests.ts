import { roles } from '../../identity/roles.ts';
import { sortableUserColumns } from '../../store/user-list.ts';
import { modelBudgetFields } from './budget-fields.ts';
import {
  budgetAmount,
  type KeyFields,
  keyPermissions,
  LONGEST_ID,
  MOST_AT_ONCE,
  modelAliases,
} from './key-requests.ts';
import { callLimitFields, type ModelLimitFields, modelLimitFields } from './limit-fields.ts';
import type { BudgetMembers } from './linked-budget.ts';
import { pageNumber, pageSize } from './pages.ts';
import { fieldsOfItsKey, unenforcedUserFields } from './unenforced-owners.ts';
import { bodyReader, queryReader } from './validation.ts';

const text = { type: 'string' } as const;
const nullableText = { type: ['string', 'null'] } as const;
const nullableTexts = { type: ['array', 'null'], items: text } as const;
const nullableId = { type: ['string', 'null'], maxLength: LONGEST_ID } as const;

/** As LiteLLM has it; a longer one would only be work. */
export const password = { type: 'string', minLength: 8, maxLength: 128 } as const;

export interface UserFields extends Omit<BudgetMembers, 'soft_budget'>, ModelLimitFields {
  readonly user_alias?: string | null;
  readonly user_email?: string | null;
  readonly user_role?: (typeof roles)[number] | null;
  readonly models?: readonly string[] | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly spend?: number | null;
  readonly password?: string | null;
}

const userFields = {
  user_alias: nullableText,
  user_email: nullableId,
  user_role: { enum: [...roles, null] },
  models: nullableTexts,
  metadata: { type: ['object', 'null'], properties: modelLimitFields },
  spend: { type: ['number', 'null'], minimum: 0 },
  password: { ...password, type: ['string', 'null'] },
  max_budget: budgetAmount,
  budget_duration: nullableText,
  ...modelBudgetFields,
  ...callLimitFields,
  ...modelLimitFields,
};

const synonyms = { allowed_models: 'models' };

/** A team that a new user joins, and what it may spend there, in USD. */
export interface JoinedTeam {
  readonly team_id: string;
  readonly user_role?: 'user' | 'admin' | null;
  readonly max_budget_in_team?: number | '' | null;
}

export interface NewUserRequest extends UserFields, Pick<KeyFields, 'aliases' | 'permissions'> {
  readonly user_id?: string | null;
  readonly teams?: readonly (string | JoinedTeam)[] | null;
  readonly organizations?: readonly string[] | null;
  readonly auto_create_key?: boolean | null;
  readonly key_alias?: string | null;
  readonly duration?: string | null;
}

export const readNewUser = bodyReader<NewUserRequest>(
  {
    type: 'object',
    properties: {
      user_id: nullableId,
      teams: {
        type: ['array', 'null'],
        items: {
          anyOf: [
            text,
            {
              type: 'object',
              required: ['team_id'],
              properties: {
                team_id: text,
                user_role: { enum: ['user', 'admin', null] },
                max_budget_in_team: budgetAmount,
              },
            },
          ],
        },
      },
      organizations: nullableTexts,
      auto_create_key: { type: ['boolean', 'null'] },
      key_alias: nullableText,
      duration: nullableText,
      aliases: modelAliases,
      permissions: keyPermissions,
      ...userFields,
    },
  },
  { refused: unenforcedUserFields, synonyms },
);

export interface UserUpdateRequest extends UserFields {
  readonly user_id?: string | null;
}

export const readUserUpdate = bodyReader<UserUpdateRequest>(
  {
    type: 'object',
    properties: { user_id: nullableId, ...userFields },
    anyOf: [
      { required: ['user_id'], properties: { user_id: text } },
      { required: ['user_email'], properties: { user_email: text } },
    ],
  },
  { refused: [...unenforcedUserFields, ...fieldsOfItsKey], synonyms },
);

const updates = { type: 'object' } as const;

export interface BulkUserUpdate {
  readonly users?: readonly object[] | null;
  readonly all_users?: boolean | null;
  readonly user_updates?: object | null;
}

/** Each user is read by itself, so that a wrong one does not stop the others. */
export const readBulkUserUpdate = bodyReader<BulkUserUpdate>({
  type: 'object',
  properties: {
    users: { type: ['array', 'null'], maxItems: MOST_AT_ONCE, items: updates },
    all_users: { type: ['boolean', 'null'] },
    user_updates: { type: ['object', 'null'] },
  },
  anyOf: [
    { required: ['users'], properties: { users: { type: 'array', minItems: 1 } } },
    {
      required: ['all_users', 'user_updates'],
      properties: { all_users: { const: true }, user_updates: updates },
    },
  ],
});

export const readUserDelete = bodyReader<{ readonly user_ids: readonly string[] }>({
  type: 'object',
  required: ['user_ids'],
  properties: { user_ids: { type: 'array', items: text, minItems: 1 } },
});

export interface UserListQuery {
  readonly role?: string;
  readonly user_ids?: string;
  readonly sso_user_ids?: string;
  readonly user_email?: string;
  readonly team?: string;
  readonly organization_ids?: string;
  readonly page: number;
  readonly page_size: number;
  readonly sort_by?: (typeof sortableUserColumns)[number];
  readonly sort_order: 'asc' | 'desc';
}

export const readUserListQuery = queryReader<UserListQuery>({
  type: 'object',
  properties: {
    role: text,
    user_ids: text,
    sso_user_ids: text,
    user_email: text,
    team: text,
    organization_ids: text,
    page: pageNumber,
    page_size: pageSize(25),
    sort_by: { enum: sortableUserColumns },
    sort_order: { enum: ['asc', 'desc'], default: 'asc' },
  },
});
