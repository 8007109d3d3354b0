import type { PoolClient } from 'pg';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { userRights } from '../../identity/permissions.ts';
import { subjects } from '../../identity/subjects.ts';
import type { ChangedBy } from '../../store/changed-by.ts';
import {
  deleteMember,
  insertMember,
  lockMember,
  type OrganizationMemberRow,
  setMemberRole,
} from '../../store/organization-members.ts';
import { organizationsOf } from '../../store/organizations.ts';
import { lockTeamsIn } from '../../store/teams.ts';
import { readUsers } from '../../store/users.ts';
import { keysOfOwners } from '../../store/virtual-keys.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, organizationMemberAt } from './changes.ts';
import { badRequest, forbidden } from './faults.ts';
import { removeKeys } from './key-removal.ts';
import { reachOrganization } from './organization-objects.ts';
import {
  type NewOrganizationMember,
  readOrganizationMemberAdd,
  readOrganizationMemberDelete,
  readOrganizationMemberUpdate,
} from './organization-requests.ts';
import { knownPerson, type NamedPerson, type Naming, personOf } from './people.ts';
import { leave } from './team-members.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedOrganizationMemberFields } from './unenforced-owners.ts';
import { shownUsers } from './user-objects.ts';

/** What each of these routes answers. */
async function answer(
  db: PoolClient,
  who: Identity,
  organizationId: string,
  memberships: readonly OrganizationMemberRow[],
) {
  const users = await readUsers(
    db,
    memberships.map(({ user_id }) => user_id),
  );
  return {
    organization_id: organizationId,
    updated_users: await shownUsers(db, who, users),
    updated_organization_memberships: memberships,
  };
}

/**
 * Throws GatewayError forbidden for somebody who is there already and whom the caller may not look at: who runs an
 * organisation sees its people, and nobody makes himself see others by adding them.
 */
async function requireMayAdd(db: PoolClient, who: Identity, named: NamedPerson): Promise<void> {
  if (who.role === 'proxy_admin') return;
  const known = await knownPerson(db, named);
  if (known === undefined) return;
  const { user_id } = known;
  if (userRights(who, { user_id, organizations: await organizationsOf(db, user_id) }).read) return;
  throw forbidden(
    'member',
    'Somebody who has an account and is in none of your organisations is added by a proxy admin',
  );
}

interface Adding extends Naming {
  readonly organizationId: string;
  readonly named: NewOrganizationMember;
}

async function add(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { organizationId, ...naming }: Adding,
): Promise<OrganizationMemberRow> {
  const { named } = naming;
  const { user_id: userId } = await personOf(deps, db, changed, naming);
  const row = await insertMember(db, { organizationId, userId, role: named.role });
  if (row === undefined) {
    throw badRequest('member', `User '${userId}' is in organisation '${organizationId}' already`);
  }
  changed.add(subjects.user(userId)).created(organizationMemberAt(userId), row);
  return row;
}

/** `/organization/member_add` */
export async function memberAdd(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readOrganizationMemberAdd(request.body);
  refuseFields(wanted, unenforcedOrganizationMemberFields, 'member');
  const { organization_id: organizationId } = wanted;
  return change(deps, changedBy(request, who), async (db, changed) => {
    await reachOrganization(db, who, organizationId, 'run');
    const memberships: OrganizationMemberRow[] = [];
    for (const named of [wanted.member].flat()) {
      await requireMayAdd(db, who, named);
      memberships.push(await add(deps, db, changed, { organizationId, named, who }));
    }
    return answer(db, who, organizationId, memberships);
  });
}

/** The member that is named, locked. Throws GatewayError bad_request. */
async function memberOf(
  db: PoolClient,
  organizationId: string,
  named: NamedPerson,
): Promise<OrganizationMemberRow> {
  const { user_id: userId } = (await knownPerson(db, named)) ?? {};
  const row = userId === undefined ? undefined : await lockMember(db, organizationId, userId);
  if (row !== undefined) return row;
  const field = named.user_id ? 'user_id' : 'user_email';
  throw new GatewayError(
    'bad_request',
    `'${named[field]}' is no member of organisation '${organizationId}'`,
    { param: field },
  );
}

/** `/organization/member_update` */
export async function memberUpdate(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readOrganizationMemberUpdate(request.body);
  refuseFields(wanted, unenforcedOrganizationMemberFields, 'member');
  const { organization_id: organizationId, role } = wanted;
  return change(deps, changedBy(request, who), async (db, changed) => {
    await reachOrganization(db, who, organizationId, 'run');
    const before = await memberOf(db, organizationId, wanted);
    if (!role) return answer(db, who, organizationId, [before]);
    const row = await setMemberRole(db, before, role);
    changed.add(subjects.user(row.user_id)).updated(organizationMemberAt(row.user_id), before, row);
    return answer(db, who, organizationId, [row]);
  });
}

/** Takes somebody who is no member any more out of the organisation's teams, with all keys that its budget pays for. */
async function leaveTeams(
  db: PoolClient,
  changed: Changes,
  { organization_id, user_id: userId }: OrganizationMemberRow,
  by: ChangedBy,
): Promise<void> {
  const teams = await lockTeamsIn(db, [organization_id]);
  for (const team of teams) {
    const member = team.members_with_roles.find(({ user_id }) => user_id === userId);
    if (member !== undefined) await leave(db, changed, { team, member }, by);
  }
  const left = (await keysOfOwners(db, { userIds: [userId] })).filter(
    (key) => key.organization_id === organization_id || teams.some(({ team_id }) => team_id === key.team_id),
  );
  await removeKeys(
    db,
    changed,
    left.map(({ token }) => token),
    by,
  );
}

/** `/organization/member_delete`: who leaves an organisation leaves its teams too. */
export async function memberDelete(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readOrganizationMemberDelete(request.body);
  const { organization_id: organizationId } = wanted;
  const by = changedBy(request, who);
  return change(deps, by, async (db, changed) => {
    await reachOrganization(db, who, organizationId, 'run');
    const gone = await memberOf(db, organizationId, wanted);
    await deleteMember(db, gone);
    changed.add(subjects.user(gone.user_id)).deleted(organizationMemberAt(gone.user_id), gone);
    await leaveTeams(db, changed, gone, by);
    return answer(db, who, organizationId, [gone]);
  });
}
