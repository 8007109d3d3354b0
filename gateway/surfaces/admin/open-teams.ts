import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { teamRights } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { lockTeam, readTeams, type TeamMember } from '../../store/teams.ts';
import type { ManagementDeps } from './change.ts';
import { forbidden, notFound } from './faults.ts';
import { type ReachedTeam, reachTeam } from './team-objects.ts';
import type { MemberAddRequest } from './team-requests.ts';

const SETTING = 'litellm_settings.default_internal_user_params.available_teams';

type OpenTeams = Pick<ManagementDeps, 'userDefaults'>;

const openTeams = ({ userDefaults }: OpenTeams): readonly string[] => userDefaults.available_teams ?? [];

/** Whether the caller is somebody who joins teams, and does not only look. */
const joins = ({ role, userId }: Identity): boolean =>
  userId !== null && (role === 'internal_user' || role === 'proxy_admin');

/** Throws GatewayError forbidden unless the caller would be added, alone and with the role of a user. */
function requireHimself({ userId }: Identity, { member }: MemberAddRequest): void {
  const [named, ...others] = [member].flat();
  if (others.length > 0 || named?.user_id !== userId || named?.user_email) {
    throw forbidden('member', "You may add yourself to this team, by your 'user_id', and nobody else");
  }
  if (named?.role !== 'user') throw forbidden('role', "You may join this team with the role 'user' alone");
}

/**
 * The team that people are to be added to, locked: one that the caller runs, or one that the operator has opened to users, for the
 * caller himself. Throws GatewayError forbidden or not_found.
 */
export async function reachJoined(
  deps: OpenTeams,
  db: Connection,
  who: Identity,
  wanted: MemberAddRequest,
): Promise<ReachedTeam> {
  const { team_id: teamId } = wanted;
  if (!joins(who) || !openTeams(deps).includes(teamId)) return reachTeam(db, who, teamId, 'run');
  const team = await lockTeam(db, teamId);
  if (team === undefined) {
    throw notFound(
      'team_id',
      `There is no team '${teamId}', which ${SETTING} names: the operator can make it, or correct that`,
    );
  }
  const rights = teamRights(who, team);
  if (!rights.run) requireHimself(who, wanted);
  return { team, rights };
}

/**
 * Throws GatewayError forbidden where who only runs an open team would leave it: what limits him there, and what he has spent,
 * would be gone when he joins it again.
 */
export function requireStaying(
  deps: OpenTeams,
  { userId }: Identity,
  { team, rights }: ReachedTeam,
  leaving: TeamMember,
): void {
  const himself = userId !== null && leaving.user_id === userId;
  if (rights.govern || !himself || !openTeams(deps).includes(team.team_id)) return;
  throw forbidden(
    'user_id',
    'From a team that you may join again by yourself, you are removed by somebody else who runs it',
  );
}

/** `/team/available`: the teams that the caller may join and is not in, as far as a stranger needs to know them. */
export async function available(
  deps: OpenTeams & Pick<ManagementDeps, 'db'>,
  request: GatewayRequest,
  who: Identity,
) {
  const open = openTeams(deps);
  if (open.length === 0 || !joins(who)) return [];
  const teams = await readTeams(deps.db, open);
  const absent = open.filter((id) => teams.every(({ team_id }) => team_id !== id));
  if (absent.length > 0) {
    request.log.warn({ setting: SETTING, teams: absent }, 'the configuration names teams that are not there');
  }
  return teams
    .filter(({ members_with_roles: members }) => members.every(({ user_id }) => user_id !== who.userId))
    .map(({ team_id, team_alias, organization_id, models, default_team_member_models }) => ({
      team_id,
      team_alias,
      organization_id,
      models,
      default_team_member_models,
    }));
}
