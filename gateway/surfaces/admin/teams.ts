import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { owners } from '../../identity/owners.ts';
import { memberPermissions } from '../../identity/permissions.ts';
import { subjects } from '../../identity/subjects.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { setTeamAliases } from '../../store/team-aliases.ts';
import { insertTeam, readTeam, type TeamColumns, type TeamRow, updateTeam } from '../../store/teams.ts';
import { windowsOf } from './budget-columns.ts';
import { budgetRules, change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, teamAt } from './changes.ts';
import { badRequest, forbidden } from './faults.ts';
import { isNarrower } from './key-changes.ts';
import { filled } from './key-rules.ts';
import { budgetColumns } from './linked-budget.ts';
import { management } from './management.ts';
import { requireModelLists } from './member-models.ts';
import { available } from './open-teams.ts';
import { limitOfMembers, withMemberBudget } from './team-budgets.ts';
import { changedLimit, teamMetadata } from './team-limits.ts';
import { join, memberAdd, memberDelete, memberUpdate } from './team-members.ts';
import { type ReachedTeam, reachTeam, teamAnswer } from './team-objects.ts';
import { info, list, page } from './team-reads.ts';
import { removeTeams } from './team-removal.ts';
import {
  membersFields,
  type NamedMember,
  type NewTeamRequest,
  readMemberAdd,
  readMemberDelete,
  readMemberUpdate,
  readNewTeam,
  readTeamDelete,
  readTeamOnly,
  readTeamUpdate,
  type TeamFields,
} from './team-requests.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedTeamFields } from './unenforced-owners.ts';

type TeamRoutes = Pick<
  Handlers,
  | 'newTeam'
  | 'updateTeam'
  | 'deleteTeam'
  | 'teamInfo'
  | 'listTeams'
  | 'pageTeams'
  | 'availableTeams'
  | 'blockTeam'
  | 'unblockTeam'
  | 'addTeamMember'
  | 'updateTeamMember'
  | 'deleteTeamMember'
>;

function permissionsOf(wanted: readonly string[] | null): readonly string[] {
  const unknown = (wanted ?? []).find((name) => !(memberPermissions as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw badRequest(
      'team_member_permissions',
      `'${unknown}' in 'team_member_permissions' opens nothing: it may hold ${memberPermissions.join(', ')}`,
    );
  }
  return wanted ?? [];
}

/** The columns that the sent fields change. */
interface TeamState {
  /** The metadata as they are. */
  readonly metadata: TeamRow['metadata'];
  /** Whether the caller governs the team. */
  readonly govern: boolean;
}

/** The columns that the sent fields change. */
function columnsOf(
  wanted: TeamFields,
  { metadata: now, govern }: TeamState,
  deps: ManagementDeps,
): TeamColumns {
  const metadata = teamMetadata(wanted, now, { govern, time: deps.clock() });
  return {
    ...(wanted.team_alias !== undefined && { team_alias: wanted.team_alias || null }),
    ...(wanted.organization_id !== undefined && { organization_id: wanted.organization_id || null }),
    ...(metadata !== now && { metadata }),
    ...(wanted.models !== undefined && { models: wanted.models ?? [] }),
    ...(wanted.default_team_member_models !== undefined && {
      default_team_member_models: wanted.default_team_member_models ?? [],
    }),
    ...(typeof wanted.blocked === 'boolean' && { blocked: wanted.blocked }),
    ...(wanted.team_member_permissions !== undefined && {
      team_member_permissions: permissionsOf(wanted.team_member_permissions),
    }),
    ...budgetColumns(wanted, deps),
    ...(wanted.budget_limits !== undefined && {
      budget_limits: windowsOf(wanted.budget_limits, deps.clock()),
    }),
  };
}

interface TeamWrite {
  readonly teamId: string;
  readonly wanted: TeamFields;
  readonly columns: TeamColumns;
  readonly metadata: TeamRow['metadata'];
  readonly by: string;
}

/** Writes columns of a team that is locked, and makes budgets what they say; the row as it is then. */
async function write(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { teamId, columns: sent, ...rest }: TeamWrite,
): Promise<TeamRow> {
  const columns = await withMemberBudget(deps, db, changed, { columns: sent, ...rest });
  await updateTeam(db, teamId, columns);
  const { model_aliases: aliases } = rest.wanted;
  if (aliases !== undefined) await setTeamAliases(db, teamId, { aliases: aliases ?? {}, by: rest.by });
  changed.add(subjects.team(teamId));
  const { max_budget, soft_budget, budget_duration, budget_limits } = columns;
  if ([max_budget, soft_budget, budget_duration, budget_limits].some((sent) => sent !== undefined)) {
    await followBudgets(db, [owners.team(teamId)], budgetRules(deps));
  }
  return (await readTeam(db, teamId)) as TeamRow;
}

/** Everybody that a request for a new team names, and who asks for it, as its admin. */
function firstMembers(wanted: NewTeamRequest, { userId }: Identity): readonly NamedMember[] {
  const named: NamedMember[] = [
    ...(wanted.members_with_roles ?? []),
    ...(wanted.admins ?? []).map((user_id) => ({ role: 'admin' as const, user_id })),
    ...(wanted.members ?? []).map((user_id) => ({ role: 'user' as const, user_id })),
  ];
  if (userId === null || named.some(({ user_id }) => user_id === userId)) return named;
  return [...named, { role: 'admin', user_id: userId }];
}

async function create(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = filled(readNewTeam(request.body), deps.teamDefaults);
  refuseFields(wanted, unenforcedTeamFields, 'team');
  const columns = columnsOf(wanted, { metadata: {}, govern: true }, deps);
  const { organization_id: organization } = columns;
  if (identity.role !== 'proxy_admin' && !identity.adminOfOrganizations.includes(organization ?? '')) {
    throw forbidden('organization_id', 'This key may make teams only in organisations that its user runs');
  }
  const teamId = wanted.team_id || randomUUID();
  const by = changedBy(request, identity);
  const row = await change(deps, by, async (db, changed) => {
    if (!(await insertTeam(db, teamId))) {
      throw badRequest('team_id', `A team with the id '${teamId}' exists already`);
    }
    await requireModelLists(deps, db, columns, {
      team_id: teamId,
      organization_id: null,
      models: [],
      ...columns,
    });
    const team = await write(deps, db, changed, { teamId, wanted, columns, metadata: {}, by: by.userId });
    const joining = { who: identity, team, named: firstMembers(wanted, identity) };
    const { row } = await join(deps, db, changed, joining);
    changed.created(teamAt(teamId), row);
    return row;
  });
  return teamAnswer(row);
}

/** What who runs a team changes by himself. */
const run: readonly string[] = ['team_alias', 'metadata', 'team_member_permissions'];

/** Where he may leave models out beside that. */
const lists = ['models', 'default_team_member_models'] as const;

/** Throws GatewayError forbidden, naming the field, for the first change that the caller may not make. */
function requireMayChange(
  who: Identity,
  { team, rights }: ReachedTeam,
  columns: TeamColumns,
  wanted: TeamFields,
): void {
  const refuse = (field: string): never => {
    throw forbidden(
      field,
      `'${field}' of this team may be changed by who runs its organisation, or a proxy admin`,
    );
  };
  const { organization_id: organization = team.organization_id } = columns;
  const into = organization !== null && who.adminOfOrganizations.includes(organization);
  if (organization !== team.organization_id && who.role !== 'proxy_admin' && !into) refuse('organization_id');
  if (rights.govern) return;
  const narrower = lists.filter((list) => isNarrower(columns[list], team[list]));
  const raised = Object.keys(columns).find((column) => ![...run, ...narrower].includes(column));
  const limit = raised ?? changedLimit(columns.metadata, team.metadata) ?? limitOfMembers(wanted);
  if (limit !== undefined) refuse(limit);
  // Another model under a name is another model, also where the name is taken away.
  if (wanted.model_aliases !== undefined) refuse('model_aliases');
}

/** A request that changes a team: whose, and who makes it. */
export interface TeamChange {
  readonly teamId: string;
  readonly request: GatewayRequest;
  readonly identity: Identity;
}

/** Changes what is wanted of a team and nothing else, where the caller may; the team as the API answers it. */
export async function changeTeam(
  deps: ManagementDeps,
  { teamId, request, identity }: TeamChange,
  wantedOf: (team: TeamRow) => TeamFields,
) {
  const by = changedBy(request, identity);
  const row = await change(deps, by, async (db, changed) => {
    const reached = await reachTeam(db, identity, teamId, 'run');
    const { metadata } = reached.team;
    const wanted = wantedOf(reached.team);
    const columns = columnsOf(wanted, { metadata, govern: reached.rights.govern }, deps);
    requireMayChange(identity, reached, columns, wanted);
    await requireModelLists(deps, db, columns, { ...reached.team, ...columns });
    const updated = await write(deps, db, changed, { teamId, wanted, columns, metadata, by: by.userId });
    changed.updated(teamAt(teamId), reached.team, updated);
    return updated;
  });
  return teamAnswer(row);
}

async function update(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readTeamUpdate(request.body);
  refuseFields(wanted, unenforcedTeamFields, 'team');
  const misplaced = membersFields.find((field) => wanted[field] !== undefined);
  if (misplaced !== undefined) {
    throw badRequest(misplaced, `'${misplaced}' is changed by /team/member_add, _update and _delete`);
  }
  const { team_id: teamId } = wanted;
  return { team_id: teamId, data: await changeTeam(deps, { teamId, request, identity }, () => wanted) };
}

async function block(deps: ManagementDeps, request: GatewayRequest, identity: Identity, blocked: boolean) {
  const { team_id: teamId } = readTeamOnly(request.body);
  const row = await change(deps, changedBy(request, identity), async (db, changed) => {
    const { team } = await reachTeam(db, identity, teamId, 'govern');
    const updated = (await updateTeam(db, teamId, { blocked })) as TeamRow;
    changed
      .add(subjects.team(teamId))
      .updated(teamAt(teamId), team, updated, blocked ? 'blocked' : 'unblocked');
    return updated;
  });
  return teamAnswer(row);
}

/** Deletes teams with their keys: all of those that are named, or none. */
async function remove(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const teamIds = [...new Set(readTeamDelete(request.body).team_ids)];
  const by = changedBy(request, identity);
  await change(deps, by, async (db, changed) => {
    for (const teamId of teamIds) await reachTeam(db, identity, teamId, 'govern');
    await removeTeams(db, changed, teamIds, by);
  });
  return { deleted_teams: teamIds };
}

/** The handlers of `/team/*`. */
export function teamHandlers(deps: ManagementDeps): TeamRoutes {
  const { db } = deps;
  const detail = { errors: 'detail' } as const;
  return {
    newTeam: management((request, identity) => create(deps, request, identity), { body: readNewTeam }),
    updateTeam: management((request, identity) => update(deps, request, identity), {
      body: readTeamUpdate,
      ...detail,
    }),
    deleteTeam: management((request, identity) => remove(deps, request, identity), {
      body: readTeamDelete,
      ...detail,
    }),
    teamInfo: management((request, identity) => info(db, request.query, identity)),
    listTeams: management((request, identity) => list(db, request.query, identity)),
    pageTeams: management((request, identity) => page(db, request.query, identity), detail),
    availableTeams: management((request, identity) => available(deps, request, identity)),
    blockTeam: management((request, identity) => block(deps, request, identity, true), {
      body: readTeamOnly,
      ...detail,
    }),
    unblockTeam: management((request, identity) => block(deps, request, identity, false), {
      body: readTeamOnly,
      ...detail,
    }),
    addTeamMember: management((request, identity) => memberAdd(deps, request, identity), {
      body: readMemberAdd,
      ...detail,
    }),
    updateTeamMember: management((request, identity) => memberUpdate(deps, request, identity), {
      body: readMemberUpdate,
      ...detail,
    }),
    deleteTeamMember: management((request, identity) => memberDelete(deps, request, identity), {
      body: readMemberDelete,
      ...detail,
    }),
  };
}
