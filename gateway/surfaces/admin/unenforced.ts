import { GatewayError } from '../../http/errors.ts';
import { folded } from './folded-fields.ts';

/**
 * Key fields that LiteLLM knows and this gateway does not enforce yet. Whoever sends one believes to be protected,
 * limited or billed by it, so it is refused by name. Absent, null, empty and false ask for nothing and pass.
 */
export const unenforcedKeyFields = [
  'budget_fallbacks',
  'tpm_limit_type',
  'rpm_limit_type',
  'config',
  'router_settings',
  'project_id',
  'agent_id',
  'object_permission',
  'access_group_ids',
  'allowed_passthrough_routes',
  'allowed_cache_controls',
  'allowed_vector_store_indexes',
  'guardrails',
  'policies',
  'prompts',
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
  'allowed_vector_store_indexes',
  'allowed_passthrough_routes',
  'allowed_tools',
  'enforced_batch_output_expires_after',
  'enforced_file_expires_after',
  'guardrails',
  'policies',
  'prompts',
  'logging',
  'secret_manager_settings',
  'soft_budget',
] as const;

function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Nobody could be handed the secret that such a key gets: LiteLLM leaves it to a secret manager. */
const renewal =
  "give the key a 'duration' and renew it in time by /key/regenerate, whose 'grace_period' lets the old secret live on for a while";

/** A user gets its key with itself, or by a request of its own. */
const ofKey = 'keys have it: give it to one by /key/generate or /key/update';

/** What does what a field promises. */
const instead: Readonly<Record<string, string>> = {
  auto_rotate: renewal,
  rotation_interval: renewal,
  aliases: ofKey,
  permissions: ofKey,
};

function refuse(field: string, whom: string): never {
  throw new GatewayError(
    'not_enforced',
    `'${field}' is not enforced by this version, so a ${whom} would promise more than it keeps; ${instead[field] ?? 'leave it out'}`,
    { param: field },
  );
}

type Request = Readonly<Record<string, unknown>>;

/** Throws GatewayError not_enforced for the first of these fields that asks for something. */
export function refuseFields(request: Request, fields: readonly string[], whom: string): void {
  for (const field of fields) if (!asksForNothing(request[field])) refuse(field, whom);
  const metadata = (request.metadata ?? {}) as Request;
  // What is folded and enforced of some is refused where it is as a field.
  for (const member of [...metadataMembers, ...folded.filter((field) => fields.includes(field))]) {
    if (!asksForNothing(metadata[member])) refuse(`metadata.${member}`, whom);
  }
}

/** Throws GatewayError not_enforced for the first limit of a model that stands in its budget: those of keys alone are enforced. */
export function refuseModelLimits(modelBudgets: unknown, whom: string): void {
  for (const [model, budget] of Object.entries((modelBudgets ?? {}) as Record<string, Request | null>)) {
    for (const limit of ['rpm_limit', 'tpm_limit']) {
      if (!asksForNothing(budget?.[limit])) refuse(`model_max_budget.${model}.${limit}`, whom);
    }
  }
}

/** What `permissions` of a key may grant; LiteLLM's other ones belong to what is not built. */
const GRANTED = 'get_spend_routes';

/** Throws GatewayError not_enforced for the first permission of a key that would open nothing. */
export function refusePermissions(request: Request): void {
  for (const [name, value] of Object.entries((request.permissions ?? {}) as Request)) {
    if (name !== GRANTED && !asksForNothing(value)) refuse(`permissions.${name}`, 'key');
  }
}

/** Throws GatewayError not_enforced for the first field of a key request that would not be enforced. */
export function refuseUnenforced(request: Request): void {
  refuseFields(request, unenforcedKeyFields, 'key');
  refusePermissions(request);
}
