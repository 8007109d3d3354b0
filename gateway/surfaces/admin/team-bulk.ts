import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { readTeam } from '../../store/teams.ts';
import { userIdsOutside } from '../../store/users.ts';
import { changedBy, type ManagementDeps } from './change.ts';
import { eachByItself } from './each-by-itself.ts';
import { badRequest, forbidden } from './faults.ts';
import { MOST_AT_ONCE } from './key-requests.ts';
import { management } from './management.ts';
import { addMembers } from './team-members.ts';
import { reachTeam, teamAnswer } from './team-objects.ts';
import { type BulkMembersRequest, type NamedMember, readBulkMembers } from './team-requests.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedMemberFields } from './unenforced-owners.ts';

/** Whom a request means: those that it names, or every user who is not in the team. */
async function asked(
  { db }: ManagementDeps,
  { team_id, members, all_users: everybody }: BulkMembersRequest,
): Promise<readonly NamedMember[]> {
  if (!everybody) return members ?? [];
  const outside = await userIdsOutside(db, team_id, MOST_AT_ONCE + 1);
  if (outside.length <= MOST_AT_ONCE) return outside.map((user_id) => ({ role: 'user', user_id }));
  throw badRequest(
    'all_users',
    `There are more than ${MOST_AT_ONCE} users: name them in 'members', as many at a time`,
  );
}

/** `/team/bulk_member_add`: each member as `/team/member_add` does it; one that is refused leaves the others added. */
async function addAll(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readBulkMembers(request.body);
  refuseFields(wanted, unenforcedMemberFields, 'member');
  const { team_id: teamId, members: _named, all_users: _all, ...limits } = wanted;
  const changer = { who: identity, by: changedBy(request, identity) };
  await reachTeam(deps.db, identity, teamId, 'run');
  if (wanted.all_users && identity.role !== 'proxy_admin') {
    throw forbidden('all_users', "Only a proxy admin may add every user: name them in 'members'");
  }
  const outcomes = await eachByItself(await asked(deps, wanted), (member) =>
    addMembers(deps, { ...limits, team_id: teamId, member }, changer),
  );
  const team = await readTeam(deps.db, teamId);
  const added = outcomes.filter(({ error }) => error === null).length;
  return {
    team_id: teamId,
    results: outcomes.map(({ asked: { user_id = null, user_email = null }, done, error }) => ({
      user_id,
      user_email,
      success: error === null,
      error,
      updated_user: done?.updated_users[0] ?? null,
      updated_team_membership: done?.updated_team_memberships[0] ?? null,
    })),
    total_requested: outcomes.length,
    successful_additions: added,
    failed_additions: outcomes.length - added,
    updated_team: team === undefined ? null : teamAnswer(team),
  };
}

/** The handler of `/team/bulk_member_add`. */
export function teamBulkHandlers(deps: ManagementDeps): Pick<Handlers, 'addTeamMembers'> {
  return {
    addTeamMembers: management((request, identity) => addAll(deps, request, identity), {
      body: readBulkMembers,
      errors: 'detail',
    }),
  };
}
