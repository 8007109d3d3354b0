import type { CallLimitColumns } from '../../identity/key-limits.ts';

const nullableCount = { type: ['integer', 'null'], minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
/** What the column holds. */
const nullableInt4 = { type: ['integer', 'null'], minimum: 0, maximum: 2 ** 31 - 1 } as const;
const countsByModel = { type: ['object', 'null'], additionalProperties: nullableCount } as const;

/** Tags of every call of a key or a team, which are kept in metadata. */
const tags = {
  type: ['array', 'null'],
  items: { type: 'string', minLength: 1, maxLength: 256 },
  maxItems: 32,
} as const;

/** A limit for each model that is named. */
type CountsByModel = Readonly<Record<string, number | null>>;

/** Limits in any 60 s. */
export type RateFields = Partial<Pick<CallLimitColumns, 'rpm_limit' | 'tpm_limit'>>;
export type CallLimitFields = Partial<CallLimitColumns>;

/** What is kept in metadata: limits on single models, and tags. */
export interface FoldedFields {
  readonly tags?: readonly string[] | null;
  readonly model_rpm_limit?: CountsByModel | null;
  readonly model_tpm_limit?: CountsByModel | null;
}

export const rateFields = { rpm_limit: nullableCount, tpm_limit: nullableCount } as const;
export const callLimitFields = { ...rateFields, max_parallel_requests: nullableInt4 } as const;
export const foldedFields = {
  model_rpm_limit: countsByModel,
  model_tpm_limit: countsByModel,
  tags,
} as const;

/** Limits of each member of a team that has none of its own. */
export const memberLimitFields = {
  team_member_rpm_limit: nullableCount,
  team_member_tpm_limit: nullableCount,
} as const;

/** The limits that a request names, as columns of a row. */
export function callLimitColumns(wanted: CallLimitFields): CallLimitFields {
  const { rpm_limit, tpm_limit, max_parallel_requests } = wanted;
  return {
    ...(rpm_limit !== undefined && { rpm_limit }),
    ...(tpm_limit !== undefined && { tpm_limit }),
    ...(max_parallel_requests !== undefined && { max_parallel_requests }),
  };
}
