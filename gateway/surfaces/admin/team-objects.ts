import { GatewayError } from '../../http/errors.ts';
import type { Identity } from '../../identity/identity.ts';
import { keyRights, seesAll, type TeamRights, teamRights } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { holdOrganizations } from '../../store/organizations.ts';
import { lockTeam, readMemberships, type TeamColumns, type TeamRow } from '../../store/teams.ts';
import { keysOfOwners } from '../../store/virtual-keys.ts';
import { badRequest, forbidden } from './faults.ts';
import { keyInfo } from './key-answer.ts';
import { withBudgets } from './linked-budget.ts';

/** A team that exists, locked until the transaction ends, and what the caller may do with it. */
export interface ReachedTeam {
  readonly team: TeamRow;
  readonly rights: TeamRights;
}

export function strangeTeam(): GatewayError {
  return forbidden('team_id', 'This key may do this only with teams that its user runs');
}

export function noTeam(teamId: string, code: 'not_found' | 'bad_request' = 'not_found'): GatewayError {
  return new GatewayError(code, `There is no team '${teamId}'`, { param: 'team_id' });
}

/**
 * The team, for a caller who has this right on it. Throws GatewayError forbidden, and for those who see everything
 * not_found (or `absent`); a stranger gets one answer for absent teams and for others'.
 */
export async function reachTeam(
  db: Connection,
  who: Identity,
  teamId: string,
  right: keyof TeamRights,
  absent: 'not_found' | 'bad_request' = 'not_found',
): Promise<ReachedTeam> {
  const team = await lockTeam(db, teamId);
  const rights = team && teamRights(who, team);
  if (team !== undefined && rights?.[right]) return { team, rights };
  throw team === undefined && seesAll(who) ? noTeam(teamId, absent) : strangeTeam();
}

/** Throws GatewayError bad_request for an organisation that is not there, or does not have the models. */
export async function requireOrganization(
  db: Connection,
  { organization_id, models }: TeamColumns,
): Promise<void> {
  if (!organization_id) return;
  const [organization] = await holdOrganizations(db, [organization_id], 'FOR KEY SHARE');
  if (organization === undefined) {
    throw badRequest('organization_id', `There is no organisation '${organization_id}'`);
  }
  const foreign = (models ?? []).find(
    (model) => organization.models.length > 0 && !organization.models.includes(model),
  );
  if (foreign !== undefined) {
    throw badRequest('models', `'${foreign}' is not among the models of organisation '${organization_id}'`);
  }
}

/** A team as the API answers it. */
export function teamAnswer(row: TeamRow) {
  return { ...row, litellm_model_table: row.litellm_model_table ?? null };
}

/** Teams with what belongs to them: of their keys those that the caller may read. */
export async function withContents(db: Connection, who: Identity, teams: readonly TeamRow[]) {
  const teamIds = teams.map(({ team_id }) => team_id);
  const keys = Map.groupBy(await keysOfOwners(db, { teamIds }), ({ team_id }) => team_id);
  const linked = await withBudgets(db, await readMemberships(db, teamIds));
  const memberships = Map.groupBy(linked, ({ team_id }) => team_id);
  return teams.map((team) => ({
    team,
    keys: (keys.get(team.team_id) ?? []).filter((key) => keyRights(who, { ...key, team }).read).map(keyInfo),
    team_memberships: memberships.get(team.team_id) ?? [],
  }));
}
