import { GatewayError } from '../../http/errors.ts';
import type { Identity } from '../../identity/identity.ts';
import {
  governsOrganization,
  type OrganizationRights,
  organizationRights,
  seesAll,
  teamRights,
} from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { membersOf } from '../../store/organization-members.ts';
import { holdOrganizations, type OrganizationRow, organizationsOf } from '../../store/organizations.ts';
import { listTeams } from '../../store/team-list.ts';
import { forbidden } from './faults.ts';
import { withBudgets } from './linked-budget.ts';
import { teamAnswer } from './team-objects.ts';

export function strangeOrganization(): GatewayError {
  return forbidden('organization_id', 'This key may do this only with organisations of its user');
}

export function noOrganization(organizationId: string): GatewayError {
  return new GatewayError('not_found', `There is no organisation '${organizationId}'`, {
    param: 'organization_id',
  });
}

/** An organisation that exists, locked until the transaction ends, and what the caller may do with it. */
export interface ReachedOrganization {
  readonly organization: OrganizationRow;
  readonly rights: OrganizationRights;
}

/**
 * The organisation, for a caller who has this right on it. Throws GatewayError forbidden, and for those who see everything
 * not_found; a stranger gets one answer for absent organisations and for others'.
 */
export async function reachOrganization(
  db: Connection,
  who: Identity,
  organizationId: string,
  right: 'run' | 'govern',
): Promise<ReachedOrganization> {
  const [organization] = await holdOrganizations(db, [organizationId], 'FOR UPDATE');
  const rights = organizationRights(who, { organizationId, member: false });
  if (organization !== undefined && rights[right]) return { organization, rights };
  throw organization === undefined && seesAll(who) ? noOrganization(organizationId) : strangeOrganization();
}

/** Which of these organisations the caller may look at. */
export async function readableOf(
  db: Connection,
  who: Identity,
  organizationIds: readonly string[],
): Promise<readonly string[]> {
  const own = seesAll(who) || who.userId === null ? [] : await organizationsOf(db, who.userId);
  return organizationIds.filter(
    (organizationId) =>
      organizationRights(who, { organizationId, member: own.includes(organizationId) }).read,
  );
}

/**
 * Organisations as the API answers them, with budget, members and teams: of the members who does not run it sees himself, and of
 * its teams those that he may read.
 */
export async function withContents(db: Connection, who: Identity, organizations: readonly OrganizationRow[]) {
  const ids = organizations.map(({ organization_id }) => organization_id);
  const seen = (await membersOf(db, ids)).filter(
    ({ user_id, organization_id }) =>
      user_id === who.userId || seesAll(who) || governsOrganization(who, organization_id),
  );
  const members = Map.groupBy(await withBudgets(db, seen), ({ organization_id }) => organization_id);
  const everyTeam = { userId: null, organizationId: null, withoutOrganization: false };
  const found = ids.length === 0 ? [] : await listTeams(db, { ...everyTeam, organizations: ids });
  const teams = Map.groupBy(found, ({ organization_id }) => organization_id);
  return (await withBudgets(db, organizations)).map((row) => ({
    ...row,
    members: members.get(row.organization_id) ?? [],
    teams: (teams.get(row.organization_id) ?? [])
      .filter((team) => teamRights(who, team).read)
      .map(teamAnswer),
  }));
}
