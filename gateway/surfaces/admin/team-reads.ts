import { GatewayError } from '../../http/errors.ts';
import type { Identity } from '../../identity/identity.ts';
import { owners } from '../../identity/owners.ts';
import { seesAll, teamRights } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { listTeams, pageTeams, type TeamQuery } from '../../store/team-list.ts';
import { readTeam, type TeamRow } from '../../store/teams.ts';
import { badRequest } from './faults.ts';
import { withBudgets } from './linked-budget.ts';
import { withPartSpend } from './part-spend.ts';
import { memberBudgetOf } from './team-budgets.ts';
import { noTeam, strangeTeam, teamAnswer, withContents } from './team-objects.ts';
import { readTeamListQuery, readTeamPageQuery, readTeamQuery } from './team-requests.ts';

/** LiteLLM's name for "teams that belong to no organisation". */
const WITHOUT_ORGANIZATION = 'default_organization';

/** A team that the caller may read. Throws GatewayError not_found or forbidden. */
export async function seenTeam(db: Connection, teamId: string, who: Identity): Promise<TeamRow> {
  const team = await readTeam(db, teamId);
  if (team === undefined && seesAll(who)) throw noTeam(teamId);
  if (team === undefined || !teamRights(who, team).read) throw strangeTeam();
  return team;
}

/** `/team/info` */
export async function info(db: Connection, rawQuery: unknown, identity: Identity) {
  const { team_id } = readTeamQuery(rawQuery);
  const team = await seenTeam(db, team_id, identity);
  const [contents] = await withContents(db, identity, [team]);
  const [ofMembers] = await withBudgets(db, [{ budget_id: memberBudgetOf(team) }]);
  return {
    team_id,
    team_info: {
      ...(await withPartSpend(db, owners.team(team_id), teamAnswer(team))),
      object_permission: null,
      team_member_budget_table: ofMembers?.litellm_budget_table ?? null,
    },
    keys: contents?.keys ?? [],
    team_memberships: contents?.team_memberships ?? [],
  };
}

interface Asked {
  readonly user_id?: string | null;
  readonly organization_id?: string | null;
}

/** The teams that are asked for, within those that the caller may see. */
function scope(
  who: Identity,
  { user_id: userId = null, organization_id: organization = null }: Asked,
): TeamQuery {
  const organizes = userId === null && who.adminOfOrganizations.length > 0;
  const own = userId !== null && userId === who.userId;
  if (!seesAll(who) && !organizes && !own) {
    throw new GatewayError(
      'admin_only',
      'Authentication Error, only a proxy admin may list every team: give your own user_id',
    );
  }
  const without = organization === WITHOUT_ORGANIZATION;
  return {
    userId,
    organizationId: without ? null : organization,
    withoutOrganization: without,
    organizations: organizes && !seesAll(who) ? who.adminOfOrganizations : null,
  };
}

/** `/team/list`: every team that fits, with keys and memberships. */
export async function list(db: Connection, rawQuery: unknown, identity: Identity) {
  const teams = await listTeams(db, scope(identity, readTeamListQuery(rawQuery)));
  const contents = await withContents(db, identity, teams);
  return contents.map(({ team, ...rest }) => ({ ...teamAnswer(team), ...rest }));
}

/** `/v2/team/list`: one page of the teams that fit, or of those that were deleted. */
export async function page(db: Connection, rawQuery: unknown, identity: Identity) {
  const query = readTeamPageQuery(rawQuery);
  const { page: number, page_size: size, status = null } = query;
  if (status !== null && status !== 'deleted') throw badRequest('status', "'status' can only be 'deleted'");
  const { teams, total } = await pageTeams(db, {
    ...scope(identity, query),
    teamId: query.team_id ?? null,
    aliasPart: query.team_alias ?? null,
    deleted: status === 'deleted',
    sortBy: query.sort_by ?? null,
    sortOrder: query.sort_order,
    limit: size,
    offset: (number - 1) * size,
  });
  return {
    teams: teams.map(teamAnswer),
    total,
    page: number,
    page_size: size,
    total_pages: Math.ceil(total / size),
  };
}
