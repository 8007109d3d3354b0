import type { Limited } from '../store/enforced-budgets.ts';
import type { KeyForAuthentication } from '../store/virtual-keys.ts';
import type { Identity } from './identity.ts';
import { readAliases } from './model-aliases.ts';
import { uncheckedIdentity } from './outage.ts';
import { readLinkedKeyLimits, readOwnerLimits } from './owner-limits.ts';
import { type Owner, owners } from './owners.ts';
import { redactedBy } from './redaction.ts';
import { requiredBy } from './required-params.ts';
import { roleOf } from './roles.ts';
import { subjects } from './subjects.ts';
import { tagsIn } from './tags.ts';
import {
  readIncrease,
  readModelBudgets,
  readWindows,
  type WrittenBudget,
  wholeBudget,
} from './written-budgets.ts';

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
      : Object.freeze({
          models: Object.freeze(row.team_models),
          memberModels: Object.freeze(row.member_models ?? []),
          blocked: row.team_blocked === true,
        });
  const actsFor = { userId: row.user_id, teamId: row.team_id, organizationId: row.organization_id };
  const identity: Identity = Object.freeze({
    kind: 'virtual_key',
    role: roleOf(row.user_role),
    keyHash: row.token,
    keyAlias: row.key_alias,
    ...actsFor,
    agentId: row.agent_id,
    models: Object.freeze(row.models),
    aliases: Object.freeze({ key: readAliases(row.key_aliases), team: readAliases(row.team_aliases) }),
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
    seesAllSums: row.sees_all_sums,
    requiredParams: Object.freeze(requiredBy(row.key_metadata)),
    tags: Object.freeze({ key: tagsIn(row.key_metadata), team: tagsIn(row.team_metadata) }),
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
 * The budgets that a key is held to. A user's own are for personal keys, as in LiteLLM; in a team there are those of the
 * member.
 */
export function limitedOwners(row: KeyForAuthentication): readonly Limited[] {
  const { token, team_id: team, user_id: user, organization_id: organization } = row;
  const limited: Limited[] = [];
  const add = (owner: Owner, ...budgets: (readonly WrittenBudget[])[]): void => {
    for (const budget of budgets.flat()) limited.push({ owner, budget });
  };
  const increase = readIncrease(row.key_metadata);
  add(owners.key(token), wholeBudget(row.max_budget, increase), readModelBudgets(row.model_limits));
  if (team !== null) add(owners.team(team), wholeBudget(row.team_max_budget), readWindows(row.team_windows));
  add(owners.key(token), readWindows(row.windows));
  if (organization !== null) {
    add(
      owners.organization(organization),
      wholeBudget(row.organization_max_budget),
      readModelBudgets(row.organization_model_budgets),
    );
  }
  if (user === null) return limited;
  if (organization !== null) {
    add(
      owners.organizationMember(organization, user),
      wholeBudget(row.organization_member_max_budget),
      readModelBudgets(row.organization_member_model_budgets),
    );
  }
  if (team === null) {
    add(owners.user(user), wholeBudget(row.user_max_budget), readModelBudgets(row.user_model_budgets));
  } else {
    const member = owners.member(team, user);
    add(member, wholeBudget(row.member_max_budget), readModelBudgets(row.member_model_budgets));
  }
  return limited;
}
