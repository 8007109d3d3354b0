import { listAllows, NO_MODEL, TEAM_MODELS } from '../../admission/model-access.ts';
import type { Connection } from '../../store/connection.ts';
import { readOrganizations } from '../../store/organizations.ts';
import type { TeamColumns, TeamRow } from '../../store/teams.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest } from './faults.ts';
import { requireOrganization } from './team-objects.ts';

type Team = Pick<TeamRow, 'team_id' | 'organization_id' | 'models'>;

/** What a request says of the models of members of a team, and in which field. */
export interface MemberModels {
  readonly field: 'allowed_models' | 'default_team_member_models';
  readonly models: readonly string[];
  readonly team: Team;
}

/** Throws GatewayError bad_request for the first model that the team may not use: no list of members gives more than it has. */
export async function requireModelsOfTeam(
  { models: plan }: Pick<ManagementDeps, 'models'>,
  db: Connection,
  { field, models, team }: MemberModels,
): Promise<void> {
  if (models.length === 0) return;
  const [organization] =
    team.organization_id === null ? [] : await readOrganizations(db, [team.organization_id]);
  const bounds = [team.models, organization?.models ?? []];
  const isForeign = (name: string): boolean => {
    const accessGroups = plan.find(name, team.team_id)?.accessGroups ?? [];
    return bounds.some((bound) => !listAllows(bound, { names: [name], accessGroups }));
  };
  const foreign = models.find((name) => name !== NO_MODEL && name !== TEAM_MODELS && isForeign(name));
  if (foreign === undefined) return;
  throw badRequest(
    field,
    `'${foreign}' in '${field}' is no model of team '${team.team_id}': name some that it may use, or '${TEAM_MODELS}'`,
  );
}

/**
 * Throws GatewayError bad_request where a team, changed by these columns, had models that its organisation has not, or gave its
 * members some that it has not itself. The list of members stays as it is when the team's gets shorter: it gives nothing more.
 */
export async function requireModelLists(
  deps: Pick<ManagementDeps, 'models'>,
  db: Connection,
  columns: TeamColumns,
  team: Team,
): Promise<void> {
  await requireOrganization(db, team);
  const models = columns.default_team_member_models ?? [];
  await requireModelsOfTeam(deps, db, { field: 'default_team_member_models', models, team });
}
