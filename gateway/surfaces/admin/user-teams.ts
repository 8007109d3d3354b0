import type { PoolClient } from 'pg';
import type { Identity } from '../../identity/identity.ts';
import type { Connection } from '../../store/connection.ts';
import { lockTeam, type TeamRow } from '../../store/teams.ts';
import type { ManagementDeps } from './change.ts';
import { type Changes, teamAt } from './changes.ts';
import { badRequest } from './faults.ts';
import { limitMember } from './member-budgets.ts';
import { join } from './team-members.ts';
import { reachTeam } from './team-objects.ts';
import { defaultsFor } from './user-columns.ts';
import type { JoinedTeam, NewUserRequest } from './user-requests.ts';

/** Locks a team that the configuration gives to everybody: whether the caller runs it matters nothing. */
async function defaultTeam(db: Connection, teamId: string): Promise<TeamRow> {
  const team = await lockTeam(db, teamId);
  if (team !== undefined) return team;
  const setting = 'litellm_settings.default_internal_user_params.teams';
  throw badRequest('teams', `There is no team '${teamId}', which ${setting} names: make it, or correct that`);
}

interface Newcomer {
  readonly who: Identity;
  readonly wanted: NewUserRequest;
  readonly userId: string;
  readonly by: string;
}

/** Makes a new user a member of the teams of the request, or else of those that the configuration names. */
export async function joinTeams(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { who, wanted, userId, by }: Newcomer,
): Promise<void> {
  const named = (wanted.teams ?? []).map((team) => (typeof team === 'string' ? { team_id: team } : team));
  const isNamed = named.length > 0;
  const teams: readonly JoinedTeam[] = isNamed ? named : (defaultsFor(wanted, deps).teams ?? []);
  for (const { team_id, user_role, max_budget_in_team = null } of teams) {
    const team = isNamed
      ? (await reachTeam(db, who, team_id, 'run', 'bad_request')).team
      : await defaultTeam(db, team_id);
    const member = { role: user_role ?? 'user', user_id: userId };
    const { row } = await join(deps, db, changed, { who, team, named: [member] });
    changed.updated(teamAt(team_id), team, row);
    if (max_budget_in_team === null) continue;
    await limitMember(deps, db, changed, { team, userId, wanted: { max_budget_in_team }, by });
  }
}
