import type { Identity } from '../../identity/identity.ts';
import { readTeam } from '../../store/teams.ts';
import { listKeys } from '../../store/virtual-keys.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest } from './faults.ts';
import { listingScope } from './key-permissions.ts';
import { isSortColumn, readListQuery } from './key-requests.ts';

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
  if (query.expand !== undefined) throw badRequest('expand', "'expand' is not served by this version");
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
    keys: query.return_full_object ? page.keys : page.keys.map(({ token }) => token),
    total_count: page.totalCount,
    current_page: query.page,
    total_pages: Math.ceil(page.totalCount / query.size),
  };
}
