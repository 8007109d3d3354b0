import type { PoolClient } from 'pg';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import type { ChangedBy } from '../../store/changed-by.ts';
import { removeOwnerBudgets } from '../../store/owner-budgets.ts';
import {
  addMemberships,
  readMemberships,
  removeMemberships,
  type TeamMember,
  type TeamRow,
  updateTeam,
} from '../../store/teams.ts';
import { forgetTeams, noteTeam } from '../../store/users.ts';
import { keysOfOwners } from '../../store/virtual-keys.ts';
import { type Changer, change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, teamAt } from './changes.ts';
import { badRequest, forbidden } from './faults.ts';
import { removeKeys } from './key-removal.ts';
import { withBudgets } from './linked-budget.ts';
import { limitMember, limitOfMember, limitsOfMember, type MemberFields } from './member-budgets.ts';
import { reachJoined, requireStaying } from './open-teams.ts';
import { personOf } from './people.ts';
import { type ReachedTeam, reachTeam, teamAnswer } from './team-objects.ts';
import {
  type MemberAddRequest,
  type MemberName,
  type NamedMember,
  readMemberAdd,
  readMemberDelete,
  readMemberUpdate,
} from './team-requests.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedMemberFields } from './unenforced-owners.ts';
import { shownUsers } from './user-objects.ts';

const sameAddress = (one: string | null, other: string | null | undefined): boolean =>
  one !== null && other != null && one.toLowerCase() === other.toLowerCase();

/** Who is to join a team, which is locked. */
interface Joining {
  readonly who: Identity;
  readonly team: TeamRow;
  readonly named: readonly NamedMember[];
}

/** Adds people to a team: to its list, to their rows, and an account for each. */
export async function join(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { who, team, named }: Joining,
) {
  const joined: TeamMember[] = [];
  for (const one of named) {
    const member = { ...(await personOf(deps, db, changed, { named: one, who })), role: one.role };
    const all = [...team.members_with_roles, ...joined];
    if (all.some(({ user_id }) => user_id === member.user_id)) {
      throw new GatewayError(
        'already_in_team',
        `User '${member.user_id}' is in team '${team.team_id}' already`,
      );
    }
    joined.push(member);
  }
  const ids = joined.map(({ user_id }) => user_id as string);
  const members_with_roles = [...team.members_with_roles, ...joined];
  const row = (await updateTeam(db, team.team_id, { members_with_roles })) as TeamRow;
  const memberships = await addMemberships(db, team.team_id, ids);
  const users = await noteTeam(db, ids, team.team_id);
  for (const id of ids) changed.add(subjects.user(id));
  return { row, memberships, users };
}

function memberOf(team: TeamRow, name: MemberName): TeamMember {
  const found = team.members_with_roles.find(({ user_id, user_email }) =>
    name.user_id ? user_id === name.user_id : sameAddress(user_email, name.user_email),
  );
  if (found !== undefined) return found;
  const field = name.user_id ? 'user_id' : 'user_email';
  throw badRequest(field, `'${name[field]}' is no member of team '${team.team_id}'`);
}

/** Throws GatewayError forbidden where who runs a team would change limits of his own. */
function requireOthers(
  who: Identity,
  { rights }: ReachedTeam,
  members: readonly (string | null)[],
  wanted: MemberFields,
): void {
  const field = limitOfMember(wanted);
  if (field === undefined || rights.govern || who.userId === null || !members.includes(who.userId)) return;
  throw forbidden(field, `'${field}' of your own membership is changed by who runs the organisation`);
}

/** Adds members to a team: all of those that are named, or none. */
export async function addMembers(deps: ManagementDeps, wanted: MemberAddRequest, { who, by }: Changer) {
  const named: readonly NamedMember[] = [wanted.member].flat();
  return change(deps, by, async (db, changed) => {
    const reached = await reachJoined(deps, db, who, wanted);
    const { team } = reached;
    const { row, memberships, users } = await join(deps, db, changed, { who, team, named });
    changed.updated(teamAt(team.team_id), team, row);
    const joined = memberships.map(({ user_id }) => user_id);
    requireOthers(who, reached, joined, wanted);
    for (const userId of joined)
      await limitMember(deps, db, changed, { team, userId, wanted, by: by.userId });
    const linked = (await readMemberships(db, [team.team_id])).filter(({ user_id }) =>
      joined.includes(user_id),
    );
    return {
      ...teamAnswer(row),
      updated_users: await shownUsers(db, who, users),
      updated_team_memberships: await withBudgets(db, linked),
    };
  });
}

/** `/team/member_add` */
export function memberAdd(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readMemberAdd(request.body);
  refuseFields(wanted, unenforcedMemberFields, 'member');
  return addMembers(deps, wanted, { who: identity, by: changedBy(request, identity) });
}

interface NewRole {
  readonly team: TeamRow;
  readonly member: TeamMember;
  readonly role: TeamMember['role'];
}

async function giveRole(db: PoolClient, changed: Changes, { team, member, role }: NewRole): Promise<void> {
  const members_with_roles = team.members_with_roles.map((each) =>
    each === member ? { ...member, role } : each,
  );
  const row = (await updateTeam(db, team.team_id, { members_with_roles })) as TeamRow;
  changed.updated(teamAt(team.team_id), team, row);
}

/** `/team/member_update` */
export async function memberUpdate(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readMemberUpdate(request.body);
  refuseFields(wanted, unenforcedMemberFields, 'member');
  const by = changedBy(request, identity);
  return change(deps, by, async (db, changed) => {
    const reached = await reachTeam(db, identity, wanted.team_id, 'run');
    const { team } = reached;
    const found = memberOf(team, wanted);
    const { user_id: userId, user_email } = found;
    requireOthers(identity, reached, [userId], wanted);
    if (wanted.role) await giveRole(db, changed, { team, member: found, role: wanted.role });
    if (userId !== null) {
      changed.add(subjects.user(userId));
      await limitMember(deps, db, changed, { team, userId, wanted, by: by.userId });
    } else {
      const field = limitOfMember(wanted);
      if (field !== undefined) throw badRequest(field, 'This member has no user_id, so nothing is counted');
    }
    return {
      team_id: wanted.team_id,
      user_id: userId,
      user_email,
      ...(await limitsOfMember(db, team, userId)),
    };
  });
}

/** A member of a team, which is locked. */
interface Leaving {
  readonly team: TeamRow;
  readonly member: TeamMember;
}

/** Takes a member out of a team, with the keys, the account and the budget that it has there; the team as it is then. */
export async function leave(
  db: PoolClient,
  changed: Changes,
  { team, member }: Leaving,
  by: ChangedBy,
): Promise<TeamRow> {
  const members_with_roles = team.members_with_roles.filter((each) => each !== member);
  const updated = (await updateTeam(db, team.team_id, { members_with_roles })) as TeamRow;
  changed.updated(teamAt(team.team_id), team, updated);
  const userId = member.user_id;
  if (userId === null) return updated;
  await removeMemberships(db, team.team_id, userId);
  await forgetTeams(db, [team.team_id], [userId]);
  const keys = await keysOfOwners(db, { teamIds: [team.team_id] });
  const theirs = keys.filter(({ user_id }) => user_id === userId).map(({ token }) => token);
  changed.add(subjects.user(userId));
  await removeKeys(db, changed, theirs, by);
  await removeOwnerBudgets(db, [owners.member(team.team_id, userId)]);
  return updated;
}

/** `/team/member_delete`: who leaves a team loses its keys there. */
export async function memberDelete(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readMemberDelete(request.body);
  const by = changedBy(request, identity);
  const row = await change(deps, by, async (db, changed) => {
    const reached = await reachTeam(db, identity, wanted.team_id, 'run', 'bad_request');
    const { team } = reached;
    const member = memberOf(team, wanted);
    requireStaying(deps, identity, reached, member);
    return leave(db, changed, { team, member }, by);
  });
  return teamAnswer(row);
}
