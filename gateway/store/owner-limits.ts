import type { CallLimitColumns, LimitColumns } from '../identity/key-limits.ts';
import { keyModelBudgets } from './follow-budgets.ts';

/** Limits of a key that do not stand in its own columns. */
export interface LinkedLimitColumns {
  /** Of the budget that the key is linked to; all null where it is to none. */
  readonly linked_limits: CallLimitColumns;
  /** `model_max_budget`, of the key or else of that budget, whose members may hold `rpm_limit` and `tpm_limit`. */
  readonly model_limits: unknown;
}

/** Limits of whom a key acts for, all null where there are none. */
export interface OwnerLimitColumns {
  readonly user_limits: LimitColumns;
  readonly team_limits: LimitColumns;
  readonly member_limits: CallLimitColumns;
  readonly organization_limits: LimitColumns;
}

const callLimits = (row: string): string =>
  `'rpm_limit', ${row}.rpm_limit, 'tpm_limit', ${row}.tpm_limit, 'max_parallel_requests', ${row}.max_parallel_requests`;

/** Limits on single models, in the metadata of who has them. */
const modelLimits = (row: string): string =>
  `'model_rpm_limit', ${row}.metadata -> 'model_rpm_limit', 'model_tpm_limit', ${row}.metadata -> 'model_tpm_limit'`;

/**
 * The columns of both, for a query that knows key, user, team and organisation as `k`, `u`, `t` and `o`, and the budgets that
 * key, member and organisation have by a link as `kb`, `mb` and `ob`.
 */
export const ownerLimitColumns = `
  jsonb_build_object(${callLimits('kb')}) AS linked_limits, ${keyModelBudgets('k', 'kb')} AS model_limits,
  jsonb_build_object(${callLimits('u')}, ${modelLimits('u')}) AS user_limits,
  jsonb_build_object(${callLimits('t')}, ${modelLimits('t')}) AS team_limits,
  jsonb_build_object(${callLimits('mb')}) AS member_limits,
  jsonb_build_object(${callLimits('ob')}, ${modelLimits('o')}) AS organization_limits`;
