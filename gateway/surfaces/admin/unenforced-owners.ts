/**
 * Fields of teams, members, users and customers that LiteLLM knows and this gateway does not enforce yet; refused by name
 * like those of keys.
 */
const budgets = ['budget_limits', 'model_max_budget'] as const;

const policies = ['guardrails', 'policies', 'prompts', 'object_permission', 'router_settings'] as const;

export const unenforcedTeamFields = [
  ...budgets,
  ...policies,
  'rpm_limit_type',
  'tpm_limit_type',
  'model_aliases',
  'logging',
  'allowed_passthrough_routes',
  'allowed_vector_store_indexes',
  'secret_manager_settings',
  'access_group_ids',
  'team_member_key_duration',
  'default_team_member_models',
] as const;

export const unenforcedMemberFields = ['budget_duration', 'allowed_models'] as const;

export const unenforcedOrganizationFields = [
  'model_max_budget',
  'model_rpm_limit',
  'model_tpm_limit',
  'tags',
  'object_permission',
] as const;

/** What a member spends in an organisation is counted for the organisation alone. */
export const unenforcedOrganizationMemberFields = ['max_budget_in_organization'] as const;

export const unenforcedUserFields = [
  ...budgets,
  'soft_budget',
  'model_rpm_limit',
  'model_tpm_limit',
  'tags',
  ...policies,
  'aliases',
  'config',
  'permissions',
  'allowed_cache_controls',
  'budget_id',
  'sso_user_id',
  'password',
  'send_invite_email',
] as const;

export const unenforcedCustomerFields = [
  ...budgets,
  'allowed_model_region',
  'default_model',
  'object_permission',
] as const;

/** A tag chooses no deployments here. */
export const unenforcedTagFields = ['models', 'model_info', 'model_max_budget'] as const;

/** Of a budget that somebody is linked to. */
export const unenforcedBudgetFields = ['model_max_budget'] as const;
