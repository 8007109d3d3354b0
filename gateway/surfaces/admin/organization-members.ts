import type { PoolClient } from 'pg';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { owners } from '../../identity/owners.ts';
import { organizationRights, userRights } from '../../identity/permissions.ts';
import { subjects } from '../../identity/subjects.ts';
import type { ChangedBy } from '../../store/changed-by.ts';
import {
  deleteMember,
  insertMember,
  lockMember,
  type OrganizationMemberRow,
  readMember,
  setMemberRole,
} from '../../store/organization-members.ts';
import { organizationsOf } from '../../store/organizations.ts';
import { removeOwnerBudgets } from '../../store/owner-budgets.ts';
import { lockTeamsIn } from '../../store/teams.ts';
import { readUsers } from '../../store/users.ts';
import { keysOfOwners } from '../../store/virtual-keys.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, organizationMemberAt } from './changes.ts';
import { badRequest, forbidden } from './faults.ts';
import { removeKeys } from './key-removal.ts';
import { withBudgets } from './linked-budget.ts';
import { limitOrganizationMember, lockBudgetOfMember } from './organization-member-budget.ts';
import { type ReachedOrganization, reachOrganization } from './organization-objects.ts';
import {
  type NewOrganizationMember,
  type OrganizationMemberBudget,
  readOrganizationMemberAdd,
  readOrganizationMemberDelete,
  readOrganizationMemberUpdate,
} from './organization-requests.ts';
import { knownPerson, type NamedPerson, type Naming, personOf } from './people.ts';
import { leave } from './team-members.ts';
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
    updated_organization_memberships: await withBudgets(db, memberships),
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
  readonly wanted: OrganizationMemberBudget;
  readonly by: string;
}

async function add(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { organizationId, wanted, by, ...naming }: Adding,
): Promise<OrganizationMemberRow> {
  const { named } = naming;
  const { user_id: userId } = await personOf(deps, db, changed, naming);
  const row = await insertMember(db, { organizationId, userId, role: named.role });
  if (row === undefined) {
    throw badRequest('member', `User '${userId}' is in organisation '${organizationId}' already`);
  }
  changed.add(subjects.user(userId)).created(organizationMemberAt(userId), row);
  return (await limitOrganizationMember(deps, db, changed, { organizationId, userId, wanted, by })) ?? row;
}

/** `/organization/member_add` */
export async function memberAdd(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readOrganizationMemberAdd(request.body);
  const { organization_id: organizationId } = wanted;
  const changer = changedBy(request, who);
  const by = changer.userId;
  return change(deps, changer, async (db, changed) => {
    await reachOrganization(db, who, organizationId, 'run');
    const memberships: OrganizationMemberRow[] = [];
    for (const named of [wanted.member].flat()) {
      await requireMayAdd(db, who, named);
      memberships.push(await add(deps, db, changed, { organizationId, named, who, wanted, by }));
    }
    return answer(db, who, organizationId, memberships);
  });
}

/** The member that is named. Throws GatewayError bad_request. */
async function memberOf(
  db: PoolClient,
  organizationId: string,
  named: NamedPerson,
  read: typeof lockMember | typeof readMember,
): Promise<OrganizationMemberRow> {
  const { user_id: userId } = (await knownPerson(db, named)) ?? {};
  const row = userId === undefined ? undefined : await read(db, organizationId, userId);
  if (row !== undefined) return row;
  const field = named.user_id ? 'user_id' : 'user_email';
  throw new GatewayError(
    'bad_request',
    `'${named[field]}' is no member of organisation '${organizationId}'`,
    { param: field },
  );
}

/**
 * Throws GatewayError forbidden where who runs an organisation would change what he may spend there himself, or what another who
 * runs it may: they would do it for each other. Nor does one with a budget cease to run it for a while.
 */
function requireOthers(
  who: Identity,
  { rights }: ReachedOrganization,
  { member, field }: { member: OrganizationMemberRow; field: 'max_budget_in_organization' | 'role' },
): void {
  const runs = member.user_role === 'org_admin' || member.user_id === who.userId;
  if (rights.govern || !runs) return;
  throw forbidden(
    field,
    `'${field}' of a member who runs the organisation${field === 'role' ? ' and has a budget there' : ''} is changed by a proxy admin`,
  );
}

/** `/organization/member_update` */
export async function memberUpdate(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readOrganizationMemberUpdate(request.body);
  const { organization_id: organizationId, role } = wanted;
  const changer = changedBy(request, who);
  return change(deps, changer, async (db, changed) => {
    // A budget before whoever is linked to it: so they are locked everywhere.
    if (organizationRights(who, { organizationId, member: false }).run) {
      await lockBudgetOfMember(db, organizationId, wanted);
    }
    const reached = await reachOrganization(db, who, organizationId, 'run');
    const member = await memberOf(db, organizationId, wanted, readMember);
    const { user_id: userId } = member;
    if (wanted.max_budget_in_organization !== undefined) {
      requireOthers(who, reached, { member, field: 'max_budget_in_organization' });
      await limitOrganizationMember(deps, db, changed, {
        organizationId,
        userId,
        wanted,
        by: changer.userId,
      });
    }
    const before = await memberOf(db, organizationId, { user_id: userId }, lockMember);
    if (!role || role === before.user_role) return answer(db, who, organizationId, [before]);
    if (before.budget_id !== null) requireOthers(who, reached, { member: before, field: 'role' });
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
    const gone = await memberOf(db, organizationId, wanted, lockMember);
    await deleteMember(db, gone);
    changed.add(subjects.user(gone.user_id)).deleted(organizationMemberAt(gone.user_id), gone);
    await leaveTeams(db, changed, gone, by);
    await removeOwnerBudgets(db, [owners.organizationMember(organizationId, gone.user_id)]);
    return answer(db, who, organizationId, [gone]);
  });
}
