/**
 * Fields of teams, members, users and customers that LiteLLM knows and this gateway does not enforce yet; refused by name
 * like those of keys.
 */
const increases = ['temp_budget_increase', 'temp_budget_expiry'] as const;

const policies = ['guardrails', 'policies', 'prompts', 'object_permission', 'router_settings'] as const;

export const unenforcedTeamFields = [
  ...increases,
  'model_max_budget',
  ...policies,
  'enforced_params',
  'rpm_limit_type',
  'tpm_limit_type',
  'logging',
  'allowed_passthrough_routes',
  'allowed_vector_store_indexes',
  'secret_manager_settings',
  'access_group_ids',
] as const;

export const unenforcedMemberFields = ['budget_duration'] as const;

export const unenforcedOrganizationFields = ['tags', 'object_permission'] as const;

export const unenforcedUserFields = [
  ...increases,
  'soft_budget',
  'budget_limits',
  'enforced_params',
  'tags',
  ...policies,
  'config',
  'allowed_cache_controls',
  'budget_id',
  'sso_user_id',
  'send_invite_email',
] as const;

/** What the key has that is made with a user; the user itself has none. */
export const fieldsOfItsKey = ['aliases', 'permissions'] as const;

export const unenforcedCustomerFields = [
  ...increases,
  'budget_limits',
  'allowed_model_region',
  'default_model',
  'object_permission',
] as const;

/** A tag chooses no deployments here. */
export const unenforcedTagFields = ['models', 'model_info'] as const;
