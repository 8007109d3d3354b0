import type { Limited } from '../store/enforced-budgets.ts';
import type { KeyForAuthentication } from '../store/virtual-keys.ts';
import type { Identity } from './identity.ts';
import { uncheckedIdentity } from './outage.ts';
import { readLinkedKeyLimits, readOwnerLimits } from './owner-limits.ts';
import { type Owner, owners } from './owners.ts';
import { redactedBy } from './redaction.ts';
import { roleOf } from './roles.ts';
import { subjects } from './subjects.ts';
import { tagsIn } from './tags.ts';

/** A key as authentication remembers it. */
export interface KnownKey {
  readonly identity: Identity;
  readonly blocked: boolean;
  /** The key names a team that is not there: nothing says what it may do. */
  readonly teamless: boolean;
  readonly expiresAt: number | null;
  /** End of a rotated key's grace period. */
  readonly revokedAt: number | null;
  /** What it acts for, beside itself. */
  readonly subjects: readonly string[];
}

/** What stands for a key that cannot be looked up. */
export const unchecked: KnownKey = {
  identity: uncheckedIdentity,
  blocked: false,
  teamless: false,
  expiresAt: null,
  revokedAt: null,
  subjects: [],
};

/** What a row says of a key; `budgets` is what those are called that it is held to. */
export function knownKey(row: KeyForAuthentication, budgets: readonly string[]): KnownKey {
  const team =
    row.team_models === null
      ? null
      : Object.freeze({ models: Object.freeze(row.team_models), blocked: row.team_blocked === true });
  const actsFor = { userId: row.user_id, teamId: row.team_id, organizationId: row.organization_id };
  const identity: Identity = Object.freeze({
    kind: 'virtual_key',
    role: roleOf(row.user_role),
    keyHash: row.token,
    keyAlias: row.key_alias,
    ...actsFor,
    agentId: row.agent_id,
    models: Object.freeze(row.models),
    limits: readLinkedKeyLimits(row),
    ownerLimits: Object.freeze(readOwnerLimits(actsFor, row)),
    budgets: Object.freeze(budgets),
    team,
    userModels: Object.freeze(row.user_models ?? []),
    organizationModels: Object.freeze(row.organization_models ?? []),
    memberOfTeams: Object.freeze(row.member_of_teams),
    adminOfTeams: Object.freeze(row.admin_of_teams),
    adminOfOrganizations: Object.freeze(row.admin_of_organizations),
    allowedRoutes: Object.freeze(row.allowed_routes),
    tags: Object.freeze([...new Set([...tagsIn(row.key_metadata), ...tagsIn(row.team_metadata)])]),
    redacted: redactedBy(row.key_metadata) || redactedBy(row.team_metadata),
    spend: row.spend,
  });
  return {
    identity,
    blocked: row.blocked === true,
    teamless: row.team_id !== null && team === null,
    expiresAt: row.expires?.getTime() ?? null,
    revokedAt: row.revoke_at?.getTime() ?? null,
    subjects: [
      ...(row.team_id === null ? [] : [subjects.team(row.team_id)]),
      ...(row.user_id === null ? [] : [subjects.user(row.user_id)]),
      ...(row.organization_id === null ? [] : [subjects.organization(row.organization_id)]),
      ...row.budget_ids.map(subjects.budget),
    ],
  };
}

/**
 * Whose budgets a key is held to, in the order in which they are looked at: the first that has no room is the one that is
 * named. A user's own budget is for personal keys, as in LiteLLM; in a team there is that of the member.
 */
export function limitedOwners(row: KeyForAuthentication): readonly Limited[] {
  const { token, team_id: team, user_id: user, organization_id: organization } = row;
  const limited: Limited[] = [];
  const add = (owner: Owner | null, maxBudget: number | null): void => {
    if (owner !== null && maxBudget !== null) limited.push({ owner, maxBudget });
  };
  add(owners.key(token), row.max_budget);
  add(team === null ? null : owners.team(team), row.team_max_budget);
  add(organization === null ? null : owners.organization(organization), row.organization_max_budget);
  if (user === null) return limited;
  if (team === null) add(owners.user(user), row.user_max_budget);
  else add(owners.member(team, user), row.member_max_budget);
  return limited;
}
