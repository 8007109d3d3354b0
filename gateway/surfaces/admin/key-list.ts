import type { Identity } from '../../identity/identity.ts';
import { seesAll } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { readTeam } from '../../store/teams.ts';
import { readUsers, type UserRow } from '../../store/users.ts';
import { aliasesOf, listKeys, type VirtualKeyRow } from '../../store/virtual-keys.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest } from './faults.ts';
import { listingScope } from './key-permissions.ts';
import { isSortColumn, type ListQuery, readAliasQuery, readListQuery } from './key-requests.ts';
import { nameOfUser } from './user-objects.ts';

/** Nothing was asked for. */
const everything = {
  userId: null,
  organizationId: null,
  teamId: null,
  team: null,
  includeCreatedBy: false,
  includeTeamKeys: true,
};

/** Keys as a listing shows them: their hashes, their rows, or these with the users whose keys they are. */
async function shown(
  db: Connection,
  keys: readonly VirtualKeyRow[],
  { return_full_object: whole, expand }: ListQuery,
  identity: Identity,
): Promise<readonly unknown[]> {
  if (expand === undefined) return whole ? keys : keys.map(({ token }) => token);
  const users = await readUsers(
    db,
    keys.flatMap(({ user_id }) => user_id ?? []),
  );
  return keys.map((key) => {
    const user = users.find(({ user_id }) => user_id === key.user_id);
    return { ...key, user: user === undefined ? null : asSeenBy(identity, user) };
  });
}

/** Who may see a key may know whose it is; what else is kept of that person is for it and for who sees everything. */
function asSeenBy(identity: Identity, user: UserRow): Partial<UserRow> {
  return seesAll(identity) || user.user_id === identity.userId ? user : nameOfUser(user);
}

/** `/key/aliases`: the aliases of the keys that the caller sees, in their order. */
export async function listAliases(db: Connection, rawQuery: unknown, identity: Identity) {
  const { page, size, search = '' } = readAliasQuery(rawQuery);
  const owner = listingScope(identity, everything);
  const { aliases, total } = await aliasesOf(db, {
    owner,
    part: search,
    limit: size,
    offset: (page - 1) * size,
  });
  return {
    aliases,
    total_count: total,
    current_page: page,
    total_pages: Math.ceil(total / size),
    size,
  };
}

/** `/key/list`: the caller's keys, or all that the caller may see of what is asked for. */
export async function list({ db }: Pick<ManagementDeps, 'db'>, rawQuery: unknown, identity: Identity) {
  const query = readListQuery(rawQuery);
  const { sort_by: sortBy = null, status = null, team_id: teamId = null } = query;
  if (sortBy !== null && !isSortColumn(sortBy)) {
    throw badRequest('sort_by', `'${sortBy}' is no column to sort by`);
  }
  if (status !== null && status !== 'deleted') {
    throw badRequest('status', "'status' can only be 'deleted'");
  }
  if (![undefined, 'user'].includes(query.expand)) {
    throw badRequest('expand', "'expand' can only be 'user'");
  }
  const organizationId = query.organization_id ?? null;
  const owner = listingScope(identity, {
    userId: query.user_id ?? null,
    teamId,
    organizationId,
    team: teamId === null ? null : ((await readTeam(db, teamId)) ?? null),
    includeCreatedBy: query.include_created_by_keys,
    includeTeamKeys: query.include_team_keys,
  });
  const page = await listKeys(db, {
    owner,
    teamId,
    organizationId,
    projectId: query.project_id ?? null,
    keyHash: query.key_hash ?? null,
    keyAlias: query.key_alias ?? null,
    deleted: status === 'deleted',
    sortBy,
    sortOrder: query.sort_order,
    limit: query.size,
    offset: (query.page - 1) * query.size,
  });
  return {
    keys: await shown(db, page.keys, query, identity),
    total_count: page.totalCount,
    current_page: query.page,
    total_pages: Math.ceil(page.totalCount / query.size),
  };
}
