import { randomUUID } from 'node:crypto';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { type Owner, owners } from '../../identity/owners.ts';
import { organizationRights, seesAll } from '../../identity/permissions.ts';
import { subjects } from '../../identity/subjects.ts';
import type { Connection } from '../../store/connection.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { membersOf, type OrganizationMemberRow } from '../../store/organization-members.ts';
import {
  deleteOrganizations,
  holdOrganizations,
  insertOrganization,
  listOrganizations,
  type OrganizationColumns,
  type OrganizationRow,
  organizationsOf,
  readOrganizations,
  updateOrganization,
} from '../../store/organizations.ts';
import { removeOwnerBudgets } from '../../store/owner-budgets.ts';
import { lockOwners } from '../../store/owner-rows.ts';
import { lockTeamsIn } from '../../store/teams.ts';
import { hashesOfOwners } from '../../store/virtual-keys.ts';
import { budgetRules, change, changedBy, type ManagementDeps } from './change.ts';
import { organizationAt, organizationMemberAt } from './changes.ts';
import { badRequest, forbidden, notFound } from './faults.ts';
import { modelLimits } from './folded-fields.ts';
import { isNarrower } from './key-changes.ts';
import { removeKeys } from './key-removal.ts';
import { budgetColumns, makeBudget, requireOneBudget, settleBudget, withBudgets } from './linked-budget.ts';
import { management } from './management.ts';
import { changedMember, foldedMetadata, type Metadata, replacedMetadata } from './metadata.ts';
import { memberAdd, memberDelete, memberUpdate } from './organization-members.ts';
import {
  noOrganization,
  type ReachedOrganization,
  reachOrganization,
  readableOf,
  strangeOrganization,
  withContents,
} from './organization-objects.ts';
import {
  type OrganizationFields,
  readNewOrganization,
  readOrganizationDelete,
  readOrganizationMemberAdd,
  readOrganizationMemberDelete,
  readOrganizationMemberUpdate,
  readOrganizationQuery,
  readOrganizationsAsked,
  readOrganizationUpdate,
} from './organization-requests.ts';
import { removeTeams } from './team-removal.ts';
import { refuseFields, refuseModelLimits } from './unenforced.ts';
import { unenforcedOrganizationFields } from './unenforced-owners.ts';

type OrganizationRoutes = Pick<
  Handlers,
  | 'newOrganization'
  | 'updateOrganization'
  | 'deleteOrganization'
  | 'listOrganizations'
  | 'organizationInfo'
  | 'organizationsInfo'
  | 'addOrganizationMember'
  | 'updateOrganizationMember'
  | 'deleteOrganizationMember'
>;

/** The metadata of an organisation as they are, and whether the caller governs it. */
interface OrganizationState {
  readonly metadata: Metadata;
  readonly govern: boolean;
}

/** The columns that the sent fields change. Who only runs the organisation leaves its limits by not naming them. */
function columnsOf(
  wanted: OrganizationFields,
  { metadata: now, govern }: OrganizationState,
): OrganizationColumns {
  const replaced = replacedMetadata(wanted.metadata, now, govern ? [] : modelLimits);
  const metadata = foldedMetadata(replaced, wanted, modelLimits);
  return {
    ...(wanted.organization_alias && { organization_alias: wanted.organization_alias }),
    ...(wanted.models !== undefined && { models: wanted.models ?? [] }),
    ...(metadata !== now && { metadata }),
  };
}

/** An organisation as the API answers it when it is made or changed. */
async function told(db: Connection, row: OrganizationRow) {
  const [organization] = await withBudgets(db, [row]);
  return organization;
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readNewOrganization(request.body);
  refuseFields(wanted, unenforcedOrganizationFields, 'organisation');
  requireOneBudget(wanted);
  refuseModelLimits(wanted.model_max_budget, 'organization');
  const organizationId = wanted.organization_id || randomUUID();
  const changer = changedBy(request, who);
  const by = changer.userId;
  return change(deps, changer, async (db, changed) => {
    const columns = budgetColumns(wanted, deps);
    const settled = { named: wanted.budget_id, linked: undefined, columns, by };
    const budgetId =
      (await settleBudget(deps, db, changed, settled)) ?? (await makeBudget(db, changed, { columns, by }));
    const made = { organizationId, alias: wanted.organization_alias, budgetId, by };
    if (!(await insertOrganization(db, made))) {
      throw badRequest('organization_id', `An organisation with the id '${organizationId}' exists already`);
    }
    const described = columnsOf(wanted, { metadata: {}, govern: true });
    const row = (await updateOrganization(db, organizationId, described, by)) as OrganizationRow;
    changed.add(subjects.organization(organizationId)).created(organizationAt(organizationId), row);
    return told(db, row);
  });
}

/** What who runs an organisation changes by himself; beside that he may leave models out. */
const run: readonly string[] = ['organization_id', 'organization_alias', 'metadata'];

/** Throws GatewayError forbidden, naming the field, for the first change that the caller may not make. */
function requireMayChange(
  { organization, rights }: ReachedOrganization,
  wanted: OrganizationFields,
  { metadata }: OrganizationColumns,
): void {
  if (rights.govern) return;
  const narrower = wanted.models !== undefined && isNarrower(wanted.models, organization.models);
  const raised = Object.entries(wanted).find(
    ([field, value]) => value !== undefined && !run.includes(field) && !(field === 'models' && narrower),
  );
  const field = raised?.[0] ?? changedMember(modelLimits, metadata, organization.metadata);
  if (field === undefined) return;
  throw forbidden(field, `'${field}' of this organisation may be changed by a proxy admin alone`);
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readOrganizationUpdate(request.body);
  refuseFields(wanted, unenforcedOrganizationFields, 'organisation');
  requireOneBudget(wanted);
  refuseModelLimits(wanted.model_max_budget, 'organization');
  const { organization_id: organizationId } = wanted;
  const changer = changedBy(request, who);
  return change(deps, changer, async (db, changed) => {
    const [known] = await readOrganizations(db, [organizationId]);
    const { govern } = organizationRights(who, { organizationId, member: false });
    // A budget before whoever is linked to it: so they are locked everywhere.
    const columns = budgetColumns(wanted, deps);
    const settled = { named: wanted.budget_id, linked: known?.budget_id, columns, by: changer.userId };
    const budget_id = known && govern ? await settleBudget(deps, db, changed, settled) : null;
    const reached = await reachOrganization(db, who, organizationId, 'run');
    const described = columnsOf(wanted, { metadata: reached.organization.metadata, govern });
    requireMayChange(reached, wanted, described);
    const relinked = budget_id && budget_id !== reached.organization.budget_id ? { budget_id } : {};
    const row = (await updateOrganization(
      db,
      organizationId,
      { ...described, ...relinked },
      changer.userId,
    )) as OrganizationRow;
    if ('budget_id' in relinked) {
      await followBudgets(db, [owners.organization(organizationId)], budgetRules(deps));
    }
    changed
      .add(subjects.organization(organizationId))
      .updated(organizationAt(organizationId), reached.organization, row);
    return told(db, row);
  });
}

const accountOf = ({ organization_id, user_id }: OrganizationMemberRow): Owner =>
  owners.organizationMember(organization_id, user_id);

/** Deletes organisations with their teams, memberships and keys: all of those that are named, or none. */
async function remove(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const organizationIds = [...new Set(readOrganizationDelete(request.body).organization_ids)];
  const by = changedBy(request, who);
  return change(deps, by, async (db, changed) => {
    const found = await holdOrganizations(db, organizationIds, 'FOR UPDATE');
    const absent = organizationIds.find((id) => !found.some(({ organization_id }) => organization_id === id));
    if (absent !== undefined) {
      throw notFound('organization_ids', `There is no organisation '${absent}'; nothing was deleted`);
    }
    // Memberships after their organisations, and teams after both: so they are locked everywhere.
    await lockOwners(db, (await membersOf(db, organizationIds)).map(accountOf));
    const answer = await withContents(db, who, found);
    const teams = await lockTeamsIn(db, organizationIds);
    await removeTeams(
      db,
      changed,
      teams.map(({ team_id }) => team_id),
      by,
    );
    await removeKeys(db, changed, await hashesOfOwners(db, { organizationIds }), by);
    const members = await membersOf(db, organizationIds);
    for (const member of members) {
      changed.add(subjects.user(member.user_id)).deleted(organizationMemberAt(member.user_id), member);
    }
    await deleteOrganizations(db, organizationIds);
    await removeOwnerBudgets(db, [...organizationIds.map(owners.organization), ...members.map(accountOf)]);
    for (const row of found) {
      const { organization_id: id } = row;
      changed.add(subjects.organization(id)).deleted(organizationAt(id), row);
    }
    return answer;
  });
}

/** `/organization/list`: every organisation for those who see everything, for others those of their user. */
async function list(db: Connection, who: Identity) {
  if (seesAll(who)) return withContents(db, who, await listOrganizations(db, null));
  const own = who.userId === null ? [] : await organizationsOf(db, who.userId);
  return withContents(db, who, await listOrganizations(db, own));
}

/** `GET /organization/info`: one organisation. */
async function info(db: Connection, request: GatewayRequest, who: Identity) {
  const { organization_id: organizationId } = readOrganizationQuery(request.query);
  if ((await readableOf(db, who, [organizationId])).length === 0) throw strangeOrganization();
  const [row] = await withContents(db, who, await readOrganizations(db, [organizationId]));
  if (row === undefined) throw noOrganization(organizationId);
  return row;
}

/** `POST /organization/info`: those that are named and exist; all of them must be the caller's to see. */
async function infos(db: Connection, request: GatewayRequest, who: Identity) {
  const { organizations } = readOrganizationsAsked(request.body);
  if ((await readableOf(db, who, organizations)).length < organizations.length) throw strangeOrganization();
  return withContents(db, who, await listOrganizations(db, organizations));
}

/** The handlers of `/organization/*`. */
export function organizationHandlers(deps: ManagementDeps): OrganizationRoutes {
  const errors = 'detail';
  const handler = (
    work: (deps: ManagementDeps, request: GatewayRequest, who: Identity) => Promise<unknown>,
    body: NonNullable<Parameters<typeof management>[1]>['body'],
  ) => management((request, who) => work(deps, request, who), { ...(body && { body }), errors });
  return {
    newOrganization: handler(create, readNewOrganization),
    updateOrganization: handler(update, readOrganizationUpdate),
    deleteOrganization: handler(remove, readOrganizationDelete),
    listOrganizations: management((_request, who) => list(deps.db, who), { errors }),
    organizationInfo: management((request, who) => info(deps.db, request, who), { errors }),
    organizationsInfo: management((request, who) => infos(deps.db, request, who), {
      body: readOrganizationsAsked,
      errors,
    }),
    addOrganizationMember: handler(memberAdd, readOrganizationMemberAdd),
    updateOrganizationMember: handler(memberUpdate, readOrganizationMemberUpdate),
    deleteOrganizationMember: handler(memberDelete, readOrganizationMemberDelete),
  };
}
