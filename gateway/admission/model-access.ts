import { blockedTeam } from '../http/access.ts';
import { type ErrorCode, GatewayError } from '../http/errors.ts';
import type { Identity } from '../identity/identity.ts';
import { compileWildcard } from '../routing/wildcard.ts';

/** What a key may be allowed by: the names that stand for the model, and the access groups that it is in. */
export interface Requested {
  readonly names: readonly string[];
  readonly accessGroups: readonly string[];
}

/** The name of a list that allows no model. */
export const NO_MODEL = 'no-default-models';

/** The name of a list that allows what the team allows. */
export const TEAM_MODELS = 'all-team-models';

type Caller = Pick<Identity, 'models' | 'team' | 'userModels' | 'organizationModels'>;

function allows(rule: string, { names, accessGroups }: Requested): boolean {
  if (rule === '*' || rule === 'all-proxy-models') return true;
  if (rule === NO_MODEL || rule === TEAM_MODELS) return false;
  if (names.includes(rule) || accessGroups.includes(rule)) return true;
  return rule.includes('*') && names.some((name) => compileWildcard(rule).match(name) !== null);
}

/** Whether a list allows a model: an empty one allows every model. */
export function listAllows(models: readonly string[], requested: Requested): boolean {
  return models.length === 0 || models.some((rule) => allows(rule, requested));
}

/** A list within a team's: one that leaves it to the team is bound by the team's alone. */
function partAllows(models: readonly string[], requested: Requested): boolean {
  return models.includes(TEAM_MODELS) || listAllows(models, requested);
}

/** Without a team there is none that a key could leave it to. */
function keyAllows({ models, team }: Caller, requested: Requested): boolean {
  return team === null ? listAllows(models, requested) : partAllows(models, requested);
}

/** The first list of those that a key's owner has, in LiteLLM's order, that does not allow the model. */
function refusedByOwner(caller: Caller, requested: Requested): keyof typeof ownerRefusals | undefined {
  const { team, userModels, organizationModels } = caller;
  if (team !== null && !listAllows(team.models, requested)) return 'team';
  if (team !== null && !partAllows(team.memberModels, requested)) return 'member';
  // The user's list bounds what is its own: a team decides for its members.
  if (team === null && !listAllows(userModels, requested)) return 'user';
  return listAllows(organizationModels, requested) ? undefined : 'organization';
}

/** Whether the caller may use a model: its key's list, and those of its team or user and of its organisation, allow it. */
export function mayUse(caller: Caller, requested: Requested): boolean {
  return keyAllows(caller, requested) && refusedByOwner(caller, requested) === undefined;
}

function refusal(code: ErrorCode, name: string, whom: string): GatewayError {
  return new GatewayError(
    code,
    `The model '${name}' is not available for ${whom}, or the name is not right; GET /v1/models lists what this key may use`,
  );
}

/** Throws GatewayError model_access_denied when the key's own list does not allow the model. */
export function requireKeyModel(caller: Caller, name: string, requested: Requested): void {
  if (!keyAllows(caller, requested)) throw refusal('model_access_denied', name, 'this API key');
}

const ownerRefusals = {
  team: ['team_model_access_denied', 'the team of this API key'],
  member: ['team_model_access_denied', 'the member of the team whom this API key acts for'],
  user: ['user_model_access_denied', 'the user of this API key'],
  organization: ['organization_model_access_denied', 'the organisation of this API key'],
} as const;

/**
 * Throws GatewayError when whom the key acts for may not use the model: blocked_team, then team_, user_ and
 * organization_model_access_denied. LiteLLM looks at this after the key's own budget.
 */
export function requireOwnerModel(caller: Caller, name: string, requested: Requested): void {
  if (caller.team?.blocked) throw blockedTeam();
  const refusing = refusedByOwner(caller, requested);
  if (refusing !== undefined) throw refusal(ownerRefusals[refusing][0], name, ownerRefusals[refusing][1]);
}
