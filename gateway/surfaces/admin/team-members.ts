import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { subjects } from '../../identity/subjects.ts';
import { setMemberLimits } from '../../store/linked-budgets.ts';
import {
  addMemberships,
  removeMemberships,
  type TeamMember,
  type TeamRow,
  updateTeam,
} from '../../store/teams.ts';
import {
  forgetTeams,
  insertUser,
  lockEmail,
  noteTeam,
  readUser,
  readUserByEmail,
  updateUser,
} from '../../store/users.ts';
import { deleteKeys, keysOfOwners } from '../../store/virtual-keys.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { badRequest, forbidden } from './faults.ts';
import { callLimitColumns, type RateFields } from './limit-fields.ts';
import { membersBudget } from './team-limits.ts';
import { membershipsOf, type ReachedTeam, reachTeam, teamAnswer } from './team-objects.ts';
import {
  type MemberName,
  type NamedMember,
  readMemberAdd,
  readMemberDelete,
  readMemberUpdate,
} from './team-requests.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedMemberFields } from './unenforced-owners.ts';

const sameAddress = (one: string | null, other: string | null | undefined): boolean =>
  one !== null && other != null && one.toLowerCase() === other.toLowerCase();

/** The id of somebody who is named; whoever has no row gets one, as an internal user. */
async function personOf(db: PoolClient, { user_id, user_email }: NamedMember): Promise<TeamMember> {
  if (user_email) await lockEmail(db, user_email);
  const known = user_id ? await readUser(db, user_id) : user_email && (await readUserByEmail(db, user_email));
  if (known)
    return { user_id: known.user_id, user_email: known.user_email ?? user_email ?? null, role: 'user' };
  const id = user_id || randomUUID();
  await insertUser(db, id);
  await updateUser(db, id, { user_role: 'internal_user', user_email: user_email || null });
  return { user_id: id, user_email: user_email || null, role: 'user' };
}

/** Adds people to a team that is locked: to its list, to their rows, and an account for each. */
export async function join(
  db: PoolClient,
  changed: Set<string>,
  team: TeamRow,
  named: readonly NamedMember[],
) {
  const joined: TeamMember[] = [];
  for (const one of named) {
    const member = { ...(await personOf(db, one)), role: one.role };
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

/** Gives members of a team limits of their own, where a request names some. */
async function limitMembers(
  db: PoolClient,
  { team, members }: { readonly team: TeamRow; readonly members: readonly string[] },
  wanted: RateFields,
  by: string,
): Promise<void> {
  const limits = callLimitColumns(wanted);
  if (Object.keys(limits).length === 0) return;
  for (const userId of members) {
    const member = { teamId: team.team_id, userId, ofAll: membersBudget(team) };
    await setMemberLimits(db, member, { limits, by });
  }
}

/** Throws GatewayError forbidden where who runs a team would change limits of his own. */
function requireOthers(
  who: Identity,
  { rights }: ReachedTeam,
  members: readonly (string | null)[],
  wanted: RateFields,
): void {
  const [field] = Object.keys(callLimitColumns(wanted));
  if (field === undefined || rights.govern || who.userId === null || !members.includes(who.userId)) return;
  throw forbidden(field, `'${field}' of your own membership is changed by who runs the organisation`);
}

/** `/team/member_add` */
export async function memberAdd(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readMemberAdd(request.body);
  refuseFields(wanted, unenforcedMemberFields, 'member');
  const named: readonly NamedMember[] = [wanted.member].flat();
  const by = changedBy(request, identity).userId;
  return change(deps, async (db, changed) => {
    const reached = await reachTeam(db, identity, wanted.team_id, 'run');
    const { row, memberships, users } = await join(db, changed, reached.team, named);
    const members = memberships.map(({ user_id }) => user_id);
    requireOthers(identity, reached, members, wanted);
    await limitMembers(db, { team: row, members }, wanted, by);
    const all = await membershipsOf(db, [row.team_id]);
    return {
      ...teamAnswer(row),
      updated_users: users,
      updated_team_memberships: all.filter(({ user_id }) => members.includes(user_id)),
    };
  });
}

/** `/team/member_update` */
export async function memberUpdate(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readMemberUpdate(request.body);
  refuseFields(wanted, unenforcedMemberFields, 'member');
  const by = changedBy(request, identity).userId;
  return change(deps, async (db, changed) => {
    const reached = await reachTeam(db, identity, wanted.team_id, 'run');
    const { team } = reached;
    const found = memberOf(team, wanted);
    requireOthers(identity, reached, [found.user_id], wanted);
    const members_with_roles = team.members_with_roles.map((each) =>
      each === found ? { ...found, role: wanted.role ?? found.role } : each,
    );
    await updateTeam(db, team.team_id, { members_with_roles });
    if (found.user_id !== null) {
      changed.add(subjects.user(found.user_id));
      await limitMembers(db, { team, members: [found.user_id] }, wanted, by);
    }
    const memberships = await membershipsOf(db, [team.team_id]);
    const limits = memberships.find(({ user_id }) => user_id === found.user_id)?.litellm_budget_table;
    return {
      team_id: wanted.team_id,
      user_id: found.user_id,
      user_email: found.user_email,
      max_budget_in_team: null,
      tpm_limit: limits?.tpm_limit ?? null,
      rpm_limit: limits?.rpm_limit ?? null,
    };
  });
}

/** `/team/member_delete`: who leaves a team loses its keys there. */
export async function memberDelete(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readMemberDelete(request.body);
  const row = await change(deps, async (db, changed) => {
    const { team } = await reachTeam(db, identity, wanted.team_id, 'run', 'bad_request');
    const gone = memberOf(team, wanted);
    const members_with_roles = team.members_with_roles.filter((each) => each !== gone);
    const updated = (await updateTeam(db, team.team_id, { members_with_roles })) as TeamRow;
    const userId = gone.user_id;
    if (userId === null) return updated;
    await removeMemberships(db, team.team_id, userId);
    await forgetTeams(db, [team.team_id], [userId]);
    const keys = await keysOfOwners(db, { teamIds: [team.team_id] });
    const theirs = keys.filter(({ user_id }) => user_id === userId).map(({ token }) => token);
    await deleteKeys(db, theirs, changedBy(request, identity));
    for (const subject of [subjects.user(userId), ...theirs]) changed.add(subject);
    return updated;
  });
  return teamAnswer(row);
}
