import type { CallLimitColumns, LimitColumns } from '../identity/key-limits.ts';

/** Limits of a key that do not stand in its own columns. */
export interface LinkedLimitColumns {
  /** The row that the key is linked to; all null where it is to none. */
  readonly linked_limits: CallLimitColumns;
  /** `model_max_budget`, whose members may hold `rpm_limit` and `tpm_limit`. */
  readonly model_limits: unknown;
}

/** Limits of whom a key acts for, all null where there are none. */
export interface OwnerLimitColumns {
  readonly user_limits: CallLimitColumns;
  readonly team_limits: LimitColumns;
  readonly member_limits: CallLimitColumns;
  readonly organization_limits: CallLimitColumns;
  /** Rows of "LiteLLM_BudgetTable" that limits of the key and of these are taken from. */
  readonly limit_budgets: readonly string[];
}

const callLimits = (row: string): string =>
  `'rpm_limit', ${row}.rpm_limit, 'tpm_limit', ${row}.tpm_limit, 'max_parallel_requests', ${row}.max_parallel_requests`;

/** The columns of both, for a query that knows key, user, team and organisation as `k`, `u`, `t` and `o`. */
export const ownerLimitColumns = `
  jsonb_build_object(${callLimits('key_row')}) AS linked_limits, k.model_max_budget AS model_limits,
  jsonb_build_object(${callLimits('u')}) AS user_limits,
  jsonb_build_object(${callLimits('t')}, 'model_rpm_limit', t.metadata -> 'model_rpm_limit',
    'model_tpm_limit', t.metadata -> 'model_tpm_limit') AS team_limits,
  jsonb_build_object(${callLimits('member_row')}) AS member_limits,
  jsonb_build_object(${callLimits('organization_row')}) AS organization_limits,
  array_remove(ARRAY[key_row.budget_id, member_row.budget_id, organization_row.budget_id], NULL) AS limit_budgets`;

/** Of a member the row of its own, else the team's for all members; of an organisation the one that it is linked to. */
export const ownerLimitRows = `
  LEFT JOIN "LiteLLM_BudgetTable" key_row ON key_row.budget_id = k.budget_id
  LEFT JOIN "LiteLLM_TeamMembership" membership
    ON membership.team_id = k.team_id AND membership.user_id = k.user_id
  LEFT JOIN "LiteLLM_BudgetTable" member_row ON k.user_id IS NOT NULL AND t.team_id IS NOT NULL
    AND member_row.budget_id = coalesce(membership.budget_id, t.metadata ->> 'team_member_budget_id')
  LEFT JOIN "LiteLLM_BudgetTable" organization_row ON organization_row.budget_id = o.budget_id`;
