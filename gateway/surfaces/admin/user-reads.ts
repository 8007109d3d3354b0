import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { seesAll, teamRights, userRights } from '../../identity/permissions.ts';
import type { Connection } from '../../store/connection.ts';
import { organizationsOf } from '../../store/organizations.ts';
import { listTeams } from '../../store/team-list.ts';
import { readTeam } from '../../store/teams.ts';
import { listUsers } from '../../store/user-list.ts';
import { readUser } from '../../store/users.ts';
import { keysOfOwners } from '../../store/virtual-keys.ts';
import { forbidden, notFound } from './faults.ts';
import { keyInfo } from './key-answer.ts';
import { strangeTeam, teamAnswer } from './team-objects.ts';
import { readableKeys, withReadableTeams } from './user-objects.ts';
import { readUserListQuery } from './user-requests.ts';

/** The `user_id` of a query as it stands there: a `+` is a plus, as in addresses, and not a blank. */
function askedUser(request: GatewayRequest): string | null {
  const query = request.url.split('?', 2)[1] ?? '';
  const [, written] = /(?:^|&)user_id=([^&]*)/.exec(query) ?? [];
  try {
    return written ? decodeURIComponent(written) : null;
  } catch {
    return written ?? null;
  }
}

const everyTeam = { organizationId: null, withoutOrganization: false, organizations: null };

/** The user whom a request asks for, the caller where it names nobody; undefined for a caller who has no row. */
async function seenUser(db: Connection, asked: string | null, identity: Identity) {
  const userId = asked ?? identity.userId;
  if (userId === null) throw notFound('user_id', 'This key belongs to no user; name one with user_id');
  const user = await readUser(db, userId);
  const organizations = user === undefined ? [] : await organizationsOf(db, userId);
  if (!userRights(identity, { user_id: userId, organizations }).read) {
    throw forbidden('user_id', 'This key may read only its own user');
  }
  if (user === undefined && userId !== identity.userId)
    throw notFound('user_id', `There is no user '${userId}'`);
  const [seen] = user === undefined ? [] : await withReadableTeams(db, identity, [user]);
  return { userId, user: seen };
}

/** `/v2/user/info`: a user alone. */
export async function alone(db: Connection, request: GatewayRequest, identity: Identity) {
  const { userId, user } = await seenUser(db, askedUser(request), identity);
  if (user === undefined) throw notFound('user_id', `There is no user '${userId}'`);
  const { user_id, user_email, user_alias, user_role, spend, max_budget, models, metadata, teams } = user;
  const { budget_duration, budget_reset_at, created_at, updated_at, sso_user_id } = user;
  const money = { spend, max_budget, budget_duration, budget_reset_at };
  return {
    user_id,
    user_email,
    user_alias,
    user_role,
    ...money,
    models,
    metadata,
    created_at,
    updated_at,
    sso_user_id,
    teams,
  };
}

/** `/user/info`: a user with the keys and teams that the caller may look at; the caller without a name. */
export async function info(db: Connection, request: GatewayRequest, identity: Identity) {
  const asked = askedUser(request);
  const { userId, user } = await seenUser(db, asked, identity);
  const all = asked === null && seesAll(identity);
  const owned = await keysOfOwners(db, all ? 'everybody' : { userIds: [userId] });
  const keys = await readableKeys(db, identity, owned);
  const found = await listTeams(db, { ...everyTeam, userId: all ? null : userId });
  const teams = found.filter((team) => teamRights(identity, team).read);
  return {
    user_id: userId,
    user_info: user ?? { spend: keys.reduce((sum, { spend }) => sum + spend, 0) },
    keys: keys.map(keyInfo),
    teams: teams.map(teamAnswer),
  };
}

const items = (list: string | undefined): readonly string[] | null =>
  list === undefined || list === '' ? null : list.split(',').map((item) => item.trim());

/** `/user/list`: one page of the users that fit; who runs organisations sees their people. */
export async function list(db: Connection, rawQuery: unknown, identity: Identity) {
  const query = readUserListQuery(rawQuery);
  const asked = items(query.organization_ids);
  const own = identity.adminOfOrganizations;
  if (!seesAll(identity) && asked?.some((organization) => !own.includes(organization))) {
    throw forbidden('organization_ids', 'This key may list only people of organisations that its user runs');
  }
  const team = query.team === undefined ? undefined : await readTeam(db, query.team);
  if (!seesAll(identity) && query.team !== undefined && !(team && teamRights(identity, team).read)) {
    throw strangeTeam();
  }
  const { users, total } = await listUsers(db, {
    role: query.role ?? null,
    userIds: items(query.user_ids),
    ssoUserIds: items(query.sso_user_ids),
    emailPart: query.user_email ?? null,
    teamId: query.team ?? null,
    organizationIds: asked ?? (seesAll(identity) ? null : own),
    keysIn: seesAll(identity) ? null : own,
    sortBy: query.sort_by ?? null,
    sortOrder: query.sort_order,
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  });
  return {
    users: await withReadableTeams(db, identity, users),
    total,
    page: query.page,
    page_size: query.page_size,
    total_pages: Math.ceil(total / query.page_size),
  };
}
