import type { BudgetRow } from '../../store/budgets-table.ts';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';

/** Fields that LiteLLM folds into `metadata`; the answer shows them beside the columns. */
const folded = [
  'model_rpm_limit',
  'model_tpm_limit',
  'guardrails',
  'policies',
  'prompts',
  'tags',
  'enforced_params',
] as const;

/** The answer of `/key/generate`: the only place that holds the plain key. */
export function generatedKey(
  key: string,
  row: VirtualKeyRow,
  budget: BudgetRow | null,
): Record<string, unknown> & Pick<VirtualKeyRow, 'token'> {
  const members = Object.fromEntries(folded.map((name) => [name, row.metadata[name] ?? null]));
  const { token, key_name, key_alias, expires, ...columns } = row;
  return {
    key,
    token,
    token_id: token,
    key_name,
    key_alias,
    expires,
    user_id: columns.user_id,
    team_id: columns.team_id,
    organization_id: columns.organization_id,
    project_id: columns.project_id,
    models: columns.models,
    aliases: columns.aliases,
    config: columns.config,
    spend: columns.spend,
    max_budget: columns.max_budget,
    soft_budget: budget?.soft_budget ?? null,
    budget_duration: columns.budget_duration,
    budget_id: columns.budget_id,
    litellm_budget_table: budget,
    max_parallel_requests: columns.max_parallel_requests,
    tpm_limit: columns.tpm_limit,
    rpm_limit: columns.rpm_limit,
    metadata: columns.metadata,
    permissions: columns.permissions,
    budget_limits: columns.budget_limits,
    model_max_budget: columns.model_max_budget,
    ...members,
    allowed_cache_controls: columns.allowed_cache_controls,
    allowed_routes: columns.allowed_routes,
    blocked: columns.blocked,
    router_settings: columns.router_settings,
    access_group_ids: columns.access_group_ids,
    object_permission: null,
    created_by: columns.created_by,
    updated_by: columns.updated_by,
    created_at: columns.created_at,
    updated_at: columns.updated_at,
  };
}

/** The `info` of `/key/info`: the row without its hash, with the objects that it may be linked to. */
export function keyInfo(row: VirtualKeyRow): Record<string, unknown> {
  const { token: _hash, ...info } = row;
  return { ...info, litellm_budget_table: null, object_permission: null };
}
