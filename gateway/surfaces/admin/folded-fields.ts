import type { IncreaseFields } from './budget-fields.ts';
import type { ModelLimitFields } from './limit-fields.ts';

/** Limits on single models: in the metadata of keys, users, teams and organisations. */
export const modelLimits = ['model_rpm_limit', 'model_tpm_limit'] as const;

/** Members of a request that LiteLLM keeps in the metadata of a key, or of a team, and that are enforced of some. */
export const folded = [
  ...modelLimits,
  'tags',
  'enforced_params',
  'temp_budget_increase',
  'temp_budget_expiry',
] as const;

export interface TagFields {
  /** Tags of every call of the key, or of the team's keys. */
  readonly tags?: readonly string[] | null;
}

export const tagFields = {
  tags: {
    type: ['array', 'null'],
    items: { type: 'string', minLength: 1, maxLength: 256 },
    maxItems: 32,
  },
} as const;

export interface FoldedFields extends ModelLimitFields, TagFields, IncreaseFields {
  readonly enforced_params?: readonly string[] | null;
}
