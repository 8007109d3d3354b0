import { GatewayError } from '../../http/errors.ts';

/**
 * Key fields that LiteLLM knows and this gateway does not enforce yet. Whoever sends one believes to be protected,
 * limited or billed by it, so it is refused by name. Absent, null, empty and false ask for nothing and pass.
 */
export const unenforcedKeyFields = [
  'budget_limits',
  'budget_fallbacks',
  'model_max_budget',
  'temp_budget_increase',
  'temp_budget_expiry',
  'tpm_limit_type',
  'rpm_limit_type',
  'aliases',
  'config',
  'router_settings',
  'project_id',
  'agent_id',
  'permissions',
  'object_permission',
  'access_group_ids',
  'allowed_passthrough_routes',
  'allowed_cache_controls',
  'allowed_vector_store_indexes',
  'guardrails',
  'policies',
  'prompts',
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
  'logging',
  'secret_manager_settings',
  'soft_budget',
] as const;

/** Folded too; keys and teams are served by them, and who is not names them among the fields. */
const served = ['model_rpm_limit', 'model_tpm_limit', 'tags'] as const;

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function refuse(field: string, whom: string): never {
  throw new GatewayError(
    'not_enforced',
    `'${field}' is not enforced by this version, so a ${whom} would promise more than it keeps; leave it out`,
    { param: field },
  );
}

type Request = Readonly<Record<string, unknown>>;

/** Throws GatewayError not_enforced for the first of these fields that asks for something. */
export function refuseFields(request: Request, fields: readonly string[], whom: string): void {
  for (const field of fields) if (!asksForNothing(request[field])) refuse(field, whom);
  const metadata = (request.metadata ?? {}) as Request;
  for (const member of [...metadataMembers, ...served.filter((field) => fields.includes(field))]) {
    if (!asksForNothing(metadata[member])) refuse(`metadata.${member}`, whom);
  }
}

/** Throws GatewayError not_enforced for the first field of a key request that would not be enforced. */
export function refuseUnenforced(request: Request): void {
  refuseFields(request, unenforcedKeyFields, 'key');
}
