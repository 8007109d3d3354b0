import { GatewayError } from '../http/errors.ts';
import type { Identity } from '../identity/identity.ts';
import { compileWildcard } from '../routing/wildcard.ts';

/** What a key may be allowed by: the names that stand for the model, and the access groups that it is in. */
export interface Requested {
  readonly names: readonly string[];
  readonly accessGroups: readonly string[];
}

function allows(rule: string, { names, accessGroups }: Requested): boolean {
  if (rule === '*' || rule === 'all-proxy-models') return true;
  // There are no teams yet, so a list that refers to the team's allows nothing.
  if (rule === 'no-default-models' || rule === 'all-team-models') return false;
  if (names.includes(rule) || accessGroups.includes(rule)) return true;
  return rule.includes('*') && names.some((name) => compileWildcard(rule).match(name) !== null);
}

/** Whether a key with this model list may use a model: an empty list allows every model. */
export function mayUse(models: readonly string[], requested: Requested): boolean {
  return models.length === 0 || models.some((rule) => allows(rule, requested));
}

/** Throws GatewayError model_access_denied when the caller's key may not use the model. */
export function requireModelAccess(identity: Identity, name: string, requested: Requested): void {
  if (mayUse(identity.models, requested)) return;
  throw new GatewayError(
    'model_access_denied',
    `The model '${name}' is not available for this API key, or the name is not right; GET /v1/models lists what this key may use`,
  );
}
