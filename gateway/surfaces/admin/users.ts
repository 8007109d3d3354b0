import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { JsonObject } from '../../http/body.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import { ADMIN_USER_ID, type Identity } from '../../identity/identity.ts';
import { type Owner, owners, PROXY_BUDGET_USER } from '../../identity/owners.ts';
import { userRights } from '../../identity/permissions.ts';
import { subjects } from '../../identity/subjects.ts';
import type { Connection } from '../../store/connection.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import {
  addToOrganizations,
  leaveOrganizations,
  organizationsOf,
  readOrganizations,
} from '../../store/organizations.ts';
import { removeOwnerBudgets, setOwnerSpent } from '../../store/owner-budgets.ts';
import { lockOwners } from '../../store/owner-rows.ts';
import {
  lockTeamsOf,
  membershipsOf,
  type TeamMembershipRow,
  type TeamRow,
  updateTeam,
} from '../../store/teams.ts';
import {
  deleteUsers,
  insertUser,
  lockUsers,
  readUser,
  type UserColumns,
  type UserRow,
  updateUser,
} from '../../store/users.ts';
import { hashesOfOwners } from '../../store/virtual-keys.ts';
import { budgetRules, type Changer, change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, teamAt, userAt } from './changes.ts';
import { badRequest, conflict, forbidden, notFound } from './faults.ts';
import { modelLimits } from './folded-fields.ts';
import { removeKeys } from './key-removal.ts';
import { management } from './management.ts';
import { givePassword, hashedPassword } from './passwords.ts';
import { requireFreeEmail, requireNewcomer, userByEmail } from './people.ts';
import { refuseFields, refusePermissions } from './unenforced.ts';
import { fieldsOfItsKey, unenforcedUserFields } from './unenforced-owners.ts';
import { columnsOf, newUserColumns } from './user-columns.ts';
import { makeFirstKey } from './user-key.ts';
import { info, list } from './user-reads.ts';
import {
  type NewUserRequest,
  readNewUser,
  readUserDelete,
  readUserUpdate,
  type UserUpdateRequest,
} from './user-requests.ts';
import { joinTeams } from './user-teams.ts';

type UserRoutes = Pick<
  Handlers,
  'newUser' | 'userInfo' | 'updateUser' | 'deleteUser' | 'listUsers' | 'getUsers'
>;

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

/** Writes columns of a user, and makes its budget what they say; the row as it is then. */
async function write(
  deps: ManagementDeps,
  db: Connection,
  userId: string,
  columns: UserColumns,
): Promise<UserRow> {
  await updateUser(db, userId, columns);
  const { spend, max_budget, budget_duration, model_max_budget } = columns;
  const [owner, rules] = [owners.user(userId), budgetRules(deps)];
  if (spend !== undefined) await setOwnerSpent(db, owner, { usd: spend, now: rules.now });
  if ([max_budget, budget_duration, model_max_budget].some((sent) => sent !== undefined)) {
    await followBudgets(db, [owner], rules);
  }
  return (await readUser(db, userId)) as UserRow;
}

interface Newcomer {
  readonly wanted: NewUserRequest & JsonObject;
  readonly userId: string;
  readonly by: string;
}

async function store(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { who, wanted, userId, by }: Newcomer & { readonly who: Identity },
): Promise<UserRow> {
  const organizations = wanted.organizations ?? [];
  if (!(await insertUser(db, userId)))
    throw conflict('user_id', `A user with the id '${userId}' exists already`);
  await requireNewcomer(db, who, userId);
  await requireFreeEmail(db, userId, wanted.user_email);
  await requireOrganizations(db, organizations);
  const columns = newUserColumns(wanted, deps);
  await write(deps, db, userId, columns);
  await addToOrganizations(db, userId, organizations, columns.user_role);
  await joinTeams(deps, db, changed, { who, wanted, userId, by });
  const user = (await readUser(db, userId)) as UserRow;
  changed.add(subjects.user(userId)).created(userAt(userId), { ...user, organizations });
  return user;
}

async function create(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readNewUser(request.body);
  refuseFields(wanted, unenforcedUserFields, 'user');
  if (wanted.auto_create_key === false) refuseFields(wanted, fieldsOfItsKey, 'user without a key');
  refusePermissions(wanted);
  requireMayMake(identity, wanted);
  const changer = changedBy(request, identity);
  const by = changer.userId;
  const newcomer = { wanted, userId: wanted.user_id || randomUUID(), by };
  const password = await hashedPassword(deps, wanted);
  return change(deps, changer, async (db, changed) => {
    const user = await store(deps, db, changed, { ...newcomer, who: identity });
    if (password !== null) await givePassword(db, changed, { userId: user.user_id, password });
    const { user_id, user_email, user_role, user_alias, teams } = user;
    const person = { user_id, user_email, user_role, user_alias, teams };
    if (wanted.auto_create_key === false) return { ...user, key: null, token: null, ...person };
    const key = await makeFirstKey(deps, db, changed, { wanted, user, who: identity, by });
    return { ...key, ...person };
  });
}

/** Throws GatewayError bad_request for the row that stands for the whole gateway. */
function requirePerson(userId: string, param: string): void {
  if (userId !== PROXY_BUDGET_USER) return;
  throw badRequest(
    param,
    `'${userId}' is the whole gateway; litellm_settings.max_budget says what it may spend`,
  );
}

/** What a user may change of itself. */
const OWN_FIELDS = ['user_id', 'user_email'];

/** Throws GatewayError forbidden, naming the field, for the first change that a user may not make of itself. */
function requireOwnFields(wanted: UserUpdateRequest, columns: UserColumns): void {
  const limit = modelLimits.find((name) => wanted[name] !== undefined);
  const raised = limit ?? Object.keys(columns).find((field) => !OWN_FIELDS.includes(field));
  if (raised === undefined) return;
  throw forbidden(raised, `'${raised}' of a user may be changed by a proxy admin alone`);
}

/** Changes what was sent of a user and nothing else; makes one who is not there. The row as it is then. */
export async function changeUser(
  deps: ManagementDeps,
  wanted: UserUpdateRequest & JsonObject,
  { who, by }: Changer,
): Promise<UserRow> {
  refuseFields(wanted, [...unenforcedUserFields, ...fieldsOfItsKey], 'user');
  const password = await hashedPassword(deps, wanted);
  return change(deps, by, async (db, changed) => {
    const named = wanted.user_id ? undefined : await userByEmail(db, wanted.user_email as string);
    const userId = wanted.user_id || named?.user_id || randomUUID();
    const rights = userRights(who, { user_id: userId, organizations: [] });
    if (!rights.adjust) throw forbidden('user_id', 'This key may change only its own user');
    requirePerson(userId, 'user_id');
    if (userId === ADMIN_USER_ID && wanted.user_role && wanted.user_role !== 'proxy_admin') {
      throw badRequest('user_role', 'The built-in admin stays a proxy admin');
    }
    await requireFreeEmail(db, userId, wanted.user_email);
    const made = await insertUser(db, userId);
    const [before] = await lockUsers(db, [userId]);
    const columns = columnsOf(wanted, before?.metadata ?? {}, deps);
    if (!rights.govern) requireOwnFields(wanted, columns);
    const after = await write(deps, db, userId, made ? newUserColumns(wanted, deps) : columns);
    changed.add(subjects.user(userId));
    if (made || before === undefined) changed.created(userAt(userId), after);
    else changed.updated(userAt(userId), before, after);
    if (password !== null) await givePassword(db, changed, { userId, password });
    return after;
  });
}

async function update(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const changer = { who: identity, by: changedBy(request, identity) };
  const row = await changeUser(deps, readUserUpdate(request.body), changer);
  return { user_id: row.user_id, data: row };
}

/** Takes users out of every team that lists them. */
async function leaveTeams(db: PoolClient, changed: Changes, userId: string): Promise<void> {
  for (const team of await lockTeamsOf(db, userId)) {
    const members_with_roles = team.members_with_roles.filter(({ user_id }) => user_id !== userId);
    const row = (await updateTeam(db, team.team_id, { members_with_roles })) as TeamRow;
    changed.updated(teamAt(team.team_id), team, row);
  }
}

const accountsOf = (memberships: readonly TeamMembershipRow[]): readonly Owner[] =>
  memberships.map(({ team_id, user_id }) => owners.member(team_id, user_id));

async function organizationAccounts(db: Connection, userIds: readonly string[]): Promise<readonly Owner[]> {
  const accounts: Owner[] = [];
  for (const userId of userIds) {
    const organizations = await organizationsOf(db, userId);
    accounts.push(...organizations.map((id) => owners.organizationMember(id, userId)));
  }
  return accounts;
}

/** Deletes users with their keys and memberships: all of those that are named, or none. */
async function remove(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const userIds = [...new Set(readUserDelete(request.body).user_ids)];
  if (userIds.includes(ADMIN_USER_ID)) throw badRequest('user_ids', 'The built-in admin cannot be deleted');
  for (const userId of userIds) requirePerson(userId, 'user_ids');
  const by = changedBy(request, identity);
  return change(deps, by, async (db, changed) => {
    // Memberships of organisations, teams, memberships of these, users, keys, and then budgets: the order in which whoever
    // stores calls waits for them too.
    await lockOwners(db, await organizationAccounts(db, userIds));
    for (const userId of userIds) await leaveTeams(db, changed, userId);
    await lockOwners(db, accountsOf(await membershipsOf(db, userIds)));
    const found = await lockUsers(db, userIds);
    const absent = userIds.find((id) => !found.some(({ user_id }) => user_id === id));
    if (absent !== undefined) throw notFound('user_ids', `There is no user '${absent}'; nobody was deleted`);
    for (const user of found) {
      const organizations = await organizationsOf(db, user.user_id);
      changed.add(subjects.user(user.user_id)).deleted(userAt(user.user_id), { ...user, organizations });
    }
    const accounts = [
      ...accountsOf(await membershipsOf(db, userIds)),
      ...(await organizationAccounts(db, userIds)),
    ];
    const hashes = await hashesOfOwners(db, { userIds });
    await lockOwners(db, hashes.map(owners.key));
    await removeKeys(db, changed, hashes, by);
    await leaveOrganizations(db, userIds);
    await removeOwnerBudgets(db, [...userIds.map(owners.user), ...accounts]);
    return deleteUsers(db, userIds);
  });
}

/** The handlers of `/user/*`. */
export function userHandlers(deps: ManagementDeps): UserRoutes {
  const { db } = deps;
  const listed = management((request, identity) => list(db, request.query, identity), { errors: 'detail' });
  return {
    newUser: management((request, identity) => create(deps, request, identity), { body: readNewUser }),
    userInfo: management((request, identity) => info(db, request, identity)),
    updateUser: management((request, identity) => update(deps, request, identity), { body: readUserUpdate }),
    deleteUser: management((request, identity) => remove(deps, request, identity), {
      body: readUserDelete,
      errors: 'detail',
    }),
    listUsers: listed,
    getUsers: listed,
  };
}
