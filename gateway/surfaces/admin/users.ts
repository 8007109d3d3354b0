import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import { ADMIN_USER_ID, type Identity } from '../../identity/identity.ts';
import { userRights } from '../../identity/permissions.ts';
import { subjects } from '../../identity/subjects.ts';
import type { Connection } from '../../store/connection.ts';
import { addToOrganizations, leaveOrganizations, readOrganizations } from '../../store/organizations.ts';
import { lockTeamsOf, type TeamRow, updateTeam } from '../../store/teams.ts';
import {
  deleteUsers,
  insertUser,
  lockEmail,
  readUser,
  readUserByEmail,
  readUsers,
  type UserColumns,
  type UserRow,
  updateUser,
} from '../../store/users.ts';
import { deleteKeys, hashesOfOwners } from '../../store/virtual-keys.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { badRequest, forbidden, notFound } from './faults.ts';
import { makeKey } from './keys.ts';
import { callLimitColumns } from './limit-fields.ts';
import { management } from './management.ts';
import { join } from './team-members.ts';
import { reachTeam } from './team-objects.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedUserFields } from './unenforced-owners.ts';
import { info, list } from './user-reads.ts';
import {
  type JoinedTeam,
  type NewUserRequest,
  readNewUser,
  readUserDelete,
  readUserUpdate,
  type UserFields,
} from './user-requests.ts';

type UserRoutes = Pick<Handlers, 'newUser' | 'userInfo' | 'updateUser' | 'deleteUser' | 'listUsers'>;

/** The columns that the sent fields change. */
function columnsOf(wanted: UserFields): UserColumns {
  return {
    ...(wanted.user_alias !== undefined && { user_alias: wanted.user_alias || null }),
    ...(wanted.user_email !== undefined && { user_email: wanted.user_email || null }),
    ...(typeof wanted.user_role === 'string' && { user_role: wanted.user_role }),
    ...(wanted.models !== undefined && { models: wanted.models ?? [] }),
    ...(wanted.metadata !== undefined && { metadata: wanted.metadata ?? {} }),
    ...(typeof wanted.spend === 'number' && { spend: wanted.spend }),
    ...callLimitColumns(wanted),
  };
}

function conflict(param: string, message: string): GatewayError {
  return new GatewayError('bad_request', message, { status: 409, param });
}

/** An address is one person's: whoever is added to a team by it is that person. */
async function requireFreeEmail(
  db: Connection,
  userId: string,
  email: string | null | undefined,
): Promise<void> {
  if (!email) return;
  await lockEmail(db, email);
  const holder = await readUserByEmail(db, email);
  if (holder !== undefined && holder.user_id !== userId) {
    throw conflict('user_email', `Another user has the address '${email}'`);
  }
}

/** Throws GatewayError forbidden unless the caller may make this user: a proxy admin any, others people of their organisations. */
function requireMayMake(who: Identity, wanted: NewUserRequest): void {
  if (who.role === 'proxy_admin') return;
  const organizations = wanted.organizations ?? [];
  if (organizations.length === 0 || organizations.some((id) => !who.adminOfOrganizations.includes(id))) {
    throw forbidden(
      'organizations',
      'This key may make users only in organisations that its user runs; name them',
    );
  }
  if (wanted.user_role === 'proxy_admin' || wanted.user_role === 'proxy_admin_viewer') {
    throw forbidden('user_role', 'Only a proxy admin may make proxy admins and their viewers');
  }
  if (wanted.spend) throw forbidden('spend', 'Only a proxy admin may set what was spent');
}

async function requireOrganizations(db: Connection, ids: readonly string[]): Promise<void> {
  const found = await readOrganizations(db, ids);
  const missing = ids.find((id) => !found.some(({ organization_id }) => organization_id === id));
  if (missing !== undefined) throw badRequest('organizations', `There is no organisation '${missing}'`);
}

function joinedTeams({ teams }: NewUserRequest): readonly JoinedTeam[] {
  const joined = (teams ?? []).map((team) => (typeof team === 'string' ? { team_id: team } : team));
  for (const team of joined) refuseFields({ ...team }, ['max_budget_in_team'], 'member');
  return joined;
}

interface Newcomer {
  readonly wanted: NewUserRequest;
  readonly userId: string;
  readonly joined: readonly JoinedTeam[];
}

async function store(
  db: PoolClient,
  changed: Set<string>,
  who: Identity,
  { wanted, userId, joined }: Newcomer,
): Promise<UserRow> {
  const organizations = wanted.organizations ?? [];
  if (!(await insertUser(db, userId)))
    throw conflict('user_id', `A user with the id '${userId}' exists already`);
  await requireFreeEmail(db, userId, wanted.user_email);
  await requireOrganizations(db, organizations);
  const role = wanted.user_role ?? 'internal_user';
  await updateUser(db, userId, { ...columnsOf(wanted), user_role: role });
  await addToOrganizations(db, userId, organizations, role);
  for (const { team_id, user_role } of joined) {
    const { team } = await reachTeam(db, who, team_id, 'run', 'bad_request');
    await join(db, changed, team, [{ role: user_role ?? 'user', user_id: userId }]);
  }
  changed.add(subjects.user(userId));
  return (await readUser(db, userId)) as UserRow;
}

async function create(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readNewUser(request.body);
  refuseFields(wanted, unenforcedUserFields, 'user');
  requireMayMake(identity, wanted);
  const newcomer = { wanted, userId: wanted.user_id || randomUUID(), joined: joinedTeams(wanted) };
  const by = changedBy(request, identity).userId;
  return change(deps, async (db, changed) => {
    const user = await store(db, changed, identity, newcomer);
    const { user_id, user_email, user_role, user_alias, teams } = user;
    const person = { user_id, user_email, user_role, user_alias, teams };
    if (wanted.auto_create_key === false) return { ...user, key: null, token: null, ...person };
    const key = await makeKey(deps, db, changed, {
      wanted: { key_alias: wanted.key_alias ?? null, duration: wanted.duration ?? null },
      owner: { userId: user_id, teamId: null },
      by,
    });
    return { ...key, ...person, models: user.models, metadata: user.metadata, spend: user.spend };
  });
}

/** What a user may change of itself. */
const OWN_FIELDS = ['user_id', 'user_email'];

async function update(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readUserUpdate(request.body);
  refuseFields(wanted, unenforcedUserFields, 'user');
  const row = await change(deps, async (db, changed) => {
    const named = wanted.user_id ? undefined : await readUserByEmail(db, wanted.user_email as string);
    const userId = wanted.user_id || named?.user_id || randomUUID();
    const rights = userRights(identity, { user_id: userId, organizations: [] });
    if (!rights.adjust) throw forbidden('user_id', 'This key may change only its own user');
    const raised = Object.keys(columnsOf(wanted)).find((field) => !OWN_FIELDS.includes(field));
    if (!rights.govern && raised !== undefined) {
      throw forbidden(raised, `'${raised}' of a user may be changed by a proxy admin alone`);
    }
    if (userId === ADMIN_USER_ID && wanted.user_role && wanted.user_role !== 'proxy_admin') {
      throw badRequest('user_role', 'The built-in admin stays a proxy admin');
    }
    await requireFreeEmail(db, userId, wanted.user_email);
    await insertUser(db, userId);
    changed.add(subjects.user(userId));
    return (await updateUser(db, userId, columnsOf(wanted))) as UserRow;
  });
  return { user_id: row.user_id, data: row };
}

/** Takes users out of every team that lists them. */
async function leaveTeams(db: PoolClient, userId: string): Promise<void> {
  const teams: readonly TeamRow[] = await lockTeamsOf(db, userId);
  for (const { team_id, members_with_roles } of teams) {
    await updateTeam(db, team_id, {
      members_with_roles: members_with_roles.filter(({ user_id }) => user_id !== userId),
    });
  }
}

/** Deletes users with their keys and memberships: all of those that are named, or none. */
async function remove(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const userIds = [...new Set(readUserDelete(request.body).user_ids)];
  if (userIds.includes(ADMIN_USER_ID)) throw badRequest('user_ids', 'The built-in admin cannot be deleted');
  const by = changedBy(request, identity);
  return change(deps, async (db, changed) => {
    const found = await readUsers(db, userIds);
    const missing = userIds.find((id) => !found.some(({ user_id }) => user_id === id));
    if (missing !== undefined)
      throw notFound('user_ids', `There is no user '${missing}'; nobody was deleted`);
    for (const userId of userIds) await leaveTeams(db, userId);
    const keys = await hashesOfOwners(db, { userIds });
    await deleteKeys(db, keys, by);
    await leaveOrganizations(db, userIds);
    for (const subject of [...keys, ...userIds.map(subjects.user)]) changed.add(subject);
    return deleteUsers(db, userIds);
  });
}

/** The handlers of `/user/*`. */
export function userHandlers(deps: ManagementDeps): UserRoutes {
  const { db } = deps;
  return {
    newUser: management((request, identity) => create(deps, request, identity), { body: readNewUser }),
    userInfo: management((request, identity) => info(db, request, identity)),
    updateUser: management((request, identity) => update(deps, request, identity), { body: readUserUpdate }),
    deleteUser: management((request, identity) => remove(deps, request, identity), {
      body: readUserDelete,
      errors: 'detail',
    }),
    listUsers: management((request, identity) => list(db, request.query, identity), { errors: 'detail' }),
  };
}
