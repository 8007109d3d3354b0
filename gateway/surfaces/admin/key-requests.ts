import { sortableColumns } from '../../store/virtual-keys.ts';
import {
  increaseFields,
  LARGEST_BUDGET,
  type ModelBudgetFields,
  modelBudgetFields,
  type WindowFields,
  windowFields,
} from './budget-fields.ts';
import { type FoldedFields, tagFields } from './folded-fields.ts';
import { type CallLimitFields, callLimitFields, modelLimitFields } from './limit-fields.ts';
import { pageNumber, pageSize } from './pages.ts';
import { unenforcedKeyFields } from './unenforced.ts';
import { bodyReader, queryReader } from './validation.ts';

const nullableText = { type: ['string', 'null'] } as const;
const nullableObject = { type: ['object', 'null'] } as const;
const texts = { type: 'array', items: { type: 'string' } } as const;
const nullableTexts = { type: ['array', 'null'], items: { type: 'string' } } as const;

/** In the `metadata` of a key or a team: whether nothing is kept of what its calls say. */
export const contentSwitch = { turn_off_message_logging: { type: ['boolean', 'null'] } } as const;

/** Ids and names are index keys, and PostgreSQL bounds what an index takes. */
export const LONGEST_ID = 256;

export interface KeyFields extends CallLimitFields, WindowFields, ModelBudgetFields, FoldedFields {
  readonly key_alias?: string | null;
  readonly duration?: string | null;
  readonly models?: readonly string[] | null;
  /** Real names of models, by the names that callers use. */
  readonly aliases?: Readonly<Record<string, string>> | null;
  readonly user_id?: string | null;
  readonly team_id?: string | null;
  readonly organization_id?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly blocked?: boolean | null;
  readonly spend?: number | null;
  readonly max_budget?: number | '' | null;
  readonly soft_budget?: number | '' | null;
  readonly budget_duration?: string | null;
  readonly budget_id?: string | null;
  readonly allowed_routes?: readonly string[] | null;
  readonly permissions?: Readonly<Record<string, unknown>> | null;
}

/** USD. An empty text is no budget, as in LiteLLM. */
export const budgetAmount = { anyOf: [{ type: ['number', 'null'], maximum: LARGEST_BUDGET }, { const: '' }] };

export const modelAliases = {
  type: ['object', 'null'],
  additionalProperties: { type: 'string', minLength: 1 },
} as const;

export const keyPermissions = {
  ...nullableObject,
  properties: { get_spend_routes: { type: ['boolean', 'null'] } },
} as const;

const keyFields = {
  key_alias: nullableText,
  duration: nullableText,
  models: nullableTexts,
  aliases: modelAliases,
  user_id: { ...nullableText, maxLength: LONGEST_ID },
  team_id: { ...nullableText, maxLength: LONGEST_ID },
  organization_id: { ...nullableText, maxLength: LONGEST_ID },
  metadata: {
    ...nullableObject,
    properties: { ...modelLimitFields, ...tagFields, ...increaseFields, ...contentSwitch },
  },
  blocked: { type: ['boolean', 'null'] },
  spend: { type: ['number', 'null'], minimum: 0, maximum: LARGEST_BUDGET },
  max_budget: budgetAmount,
  soft_budget: budgetAmount,
  budget_duration: nullableText,
  budget_id: nullableText,
  ...windowFields,
  ...modelBudgetFields,
  ...increaseFields,
  ...callLimitFields,
  ...modelLimitFields,
  ...tagFields,
  allowed_routes: nullableTexts,
  enforced_params: nullableTexts,
  permissions: keyPermissions,
};

/** A new key alone has a type; of one that is changed the routes that it stands for are given. */
const notChanged = { refused: [...unenforcedKeyFields, 'key_type'] };
/** Guides call the list of models so; LiteLLM drops it, and the key then reaches every model. */
const synonyms = { allowed_models: 'models' };

export interface GenerateRequest extends KeyFields {
  readonly key?: string | null;
  readonly key_type?: string | null;
}

/** Unknown members are ignored, as LiteLLM does; members that are known but not enforced are refused elsewhere. */
export const readGenerate = bodyReader<GenerateRequest>(
  { type: 'object', properties: { key: nullableText, key_type: nullableText, ...keyFields } },
  { refused: unenforcedKeyFields, synonyms },
);

export interface UpdateRequest extends KeyFields {
  readonly key: string;
}

export const readUpdate = bodyReader<UpdateRequest>(
  { type: 'object', required: ['key'], properties: { key: { type: 'string' }, ...keyFields } },
  { ...notChanged, synonyms },
);

export interface RegenerateRequest extends KeyFields {
  readonly key?: string | null;
  readonly new_key?: string | null;
  readonly new_master_key?: string | null;
  readonly grace_period?: string | null;
}

export const readRegenerate = bodyReader<RegenerateRequest>(
  {
    type: 'object',
    properties: {
      key: nullableText,
      new_key: nullableText,
      new_master_key: nullableText,
      grace_period: nullableText,
      ...keyFields,
    },
  },
  { ...notChanged, synonyms },
);

export interface DeleteRequest {
  readonly keys?: readonly string[] | null;
  readonly key_aliases?: readonly string[] | null;
}

export const readDelete = bodyReader<DeleteRequest>({
  type: 'object',
  properties: { keys: nullableTexts, key_aliases: nullableTexts },
  anyOf: [
    { required: ['keys'], properties: { keys: { ...texts, minItems: 1 } } },
    { required: ['key_aliases'], properties: { key_aliases: { ...texts, minItems: 1 } } },
  ],
});

/** The most objects that one request changes. */
export const MOST_AT_ONCE = 500;

/** Each key is read by itself, so that a wrong one does not stop the others. */
export const readBulkUpdate = bodyReader<{ readonly keys: readonly { readonly key: string }[] }>({
  type: 'object',
  required: ['keys'],
  properties: {
    keys: {
      type: 'array',
      minItems: 1,
      maxItems: MOST_AT_ONCE,
      items: { type: 'object', required: ['key'], properties: { key: { type: 'string' } } },
    },
  },
});

export const readKeyNames = bodyReader<{ readonly keys: readonly string[] }>({
  type: 'object',
  required: ['keys'],
  properties: { keys: { ...texts, maxItems: MOST_AT_ONCE } },
});

/** USD. */
export const readResetSpend = bodyReader<{ readonly reset_to: number }>({
  type: 'object',
  required: ['reset_to'],
  properties: { reset_to: { type: 'number' } },
});

export const readKeyOnly = bodyReader<{ readonly key: string }>({
  type: 'object',
  required: ['key'],
  properties: { key: { type: 'string' } },
});

export const readInfoQuery = queryReader<{ readonly key?: string }>({
  type: 'object',
  properties: { key: { type: 'string' } },
});

export interface ListQuery {
  readonly page: number;
  readonly size: number;
  readonly user_id?: string;
  readonly team_id?: string;
  readonly organization_id?: string;
  readonly project_id?: string;
  readonly key_hash?: string;
  readonly key_alias?: string;
  readonly return_full_object: boolean;
  readonly include_created_by_keys: boolean;
  readonly include_team_keys: boolean;
  readonly sort_by?: string;
  readonly sort_order: 'asc' | 'desc';
  readonly status?: string;
  readonly expand?: string;
}

const text = { type: 'string' } as const;

export const readListQuery = queryReader<ListQuery>({
  type: 'object',
  properties: {
    page: pageNumber,
    size: pageSize(10),
    user_id: text,
    team_id: text,
    organization_id: text,
    project_id: text,
    key_hash: text,
    key_alias: text,
    return_full_object: { type: 'boolean', default: false },
    include_created_by_keys: { type: 'boolean', default: false },
    include_team_keys: { type: 'boolean', default: false },
    sort_by: text,
    sort_order: { enum: ['asc', 'desc'], default: 'desc' },
    status: text,
    expand: text,
  },
});

export interface AliasQuery {
  readonly page: number;
  readonly size: number;
  readonly search?: string;
}

export const readAliasQuery = queryReader<AliasQuery>({
  type: 'object',
  properties: {
    page: pageNumber,
    size: pageSize(50),
    search: text,
  },
});

export type SortColumn = (typeof sortableColumns)[number];

/** Whether a listing can be sorted by this column. */
export function isSortColumn(name: string): name is SortColumn {
  return (sortableColumns as readonly string[]).includes(name);
}
