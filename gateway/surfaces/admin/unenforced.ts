import { GatewayError } from '../../http/errors.ts';

/**
 * Key fields that LiteLLM knows and this gateway does not enforce yet. Whoever sends one believes to be protected,
 * limited or billed by it, so it is refused by name. Absent, null, empty and false ask for nothing and pass.
 */
const fields = [
  'soft_budget',
  'budget_limits',
  'budget_id',
  'budget_fallbacks',
  'model_max_budget',
  'temp_budget_increase',
  'temp_budget_expiry',
  'tpm_limit_type',
  'rpm_limit_type',
  'aliases',
  'config',
  'router_settings',
  'team_id',
  'organization_id',
  'project_id',
  'agent_id',
  'permissions',
  'object_permission',
  'access_group_ids',
  'allowed_routes',
  'allowed_passthrough_routes',
  'allowed_cache_controls',
  'allowed_vector_store_indexes',
  'guardrails',
  'policies',
  'prompts',
  'tags',
  'enforced_params',
  'enforced_batch_output_expires_after',
  'enforced_file_expires_after',
  'logging',
  'secret_manager_settings',
  'auto_rotate',
  'rotation_interval',
  'send_invite_email',
] as const;

/** Members of `metadata` that LiteLLM acts on: the fields that it folds into it, and `allowed_tools`. */
const metadataMembers = [
  'tpm_limit_type',
  'rpm_limit_type',
  'temp_budget_increase',
  'temp_budget_expiry',
  'allowed_vector_store_indexes',
  'allowed_passthrough_routes',
  'allowed_tools',
  'enforced_params',
  'enforced_batch_output_expires_after',
  'enforced_file_expires_after',
  'guardrails',
  'policies',
  'prompts',
  'tags',
  'logging',
  'secret_manager_settings',
  'soft_budget',
] as const;

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function refuse(field: string): never {
  throw new GatewayError(
    'not_enforced',
    `'${field}' is not enforced by this version, so a key would promise more than it keeps; leave it out`,
    { param: field },
  );
}

/** Throws GatewayError not_enforced for the first field of a key request that would not be enforced. */
export function refuseUnenforced(request: Readonly<Record<string, unknown>>): void {
  for (const field of fields) if (!asksForNothing(request[field])) refuse(field);
  if (!asksForNothing(request.key_type) && request.key_type !== 'default') refuse('key_type');
  const metadata = (request.metadata ?? {}) as Readonly<Record<string, unknown>>;
  for (const member of metadataMembers) {
    if (!asksForNothing(metadata[member])) refuse(`metadata.${member}`);
  }
}

/** The same for an update: what a key has spent is counted, and changed by nobody. */
export function refuseUnchangeable(request: Readonly<Record<string, unknown>>): void {
  refuseUnenforced(request);
  if (request.spend === undefined) return;
  throw new GatewayError('not_enforced', "'spend' is what the key has spent; an update cannot change it", {
    param: 'spend',
  });
}
