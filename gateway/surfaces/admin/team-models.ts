import { NO_MODEL } from '../../admission/model-access.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { MEMBER_PERMISSIONS, memberPermissions } from '../../identity/permissions.ts';
import type { TeamRow } from '../../store/teams.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest } from './faults.ts';
import { management } from './management.ts';
import { seenTeam } from './team-reads.ts';
import { readTeamModels, readTeamPermissions, readTeamQuery } from './team-requests.ts';
import { changeTeam } from './teams.ts';

/** The name of a list that allows every model. */
const EVERY_MODEL = 'all-proxy-models';

/** The list of a team with models added: where it allowed everything it still does, by name. */
export function withModels(models: readonly string[], added: readonly string[]): readonly string[] {
  const before = models.length === 0 ? [EVERY_MODEL] : models;
  return [...new Set([...before, ...added])];
}

/** The list of a team without some models. An empty one would allow everything: where none is left, it says so. */
export function withoutModels(models: readonly string[], gone: readonly string[]): readonly string[] {
  if (models.length === 0) {
    throw badRequest(
      'models',
      'This team may call every model; give it the list of those that it may, as `models` of /team/update',
    );
  }
  const left = models.filter((model) => !gone.includes(model));
  return left.length === 0 ? [NO_MODEL] : left;
}

function changeModels(
  deps: ManagementDeps,
  request: GatewayRequest,
  identity: Identity,
  change: typeof withModels,
) {
  const { team_id: teamId, models } = readTeamModels(request.body);
  return changeTeam(deps, { teamId, request, identity }, (team: TeamRow) => ({
    models: change(team.models, models),
  }));
}

async function permissions({ db }: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const team = await seenTeam(db, readTeamQuery(request.query).team_id, identity);
  const { team_id, team_member_permissions: said } = team;
  return {
    team_id,
    team_member_permissions: said.length === 0 ? MEMBER_PERMISSIONS : said,
    all_available_permissions: memberPermissions,
  };
}

function updatePermissions(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const { team_id: teamId, team_member_permissions } = readTeamPermissions(request.body);
  return changeTeam(deps, { teamId, request, identity }, () => ({ team_member_permissions }));
}

/** The handlers of `/team/model/*` and `/team/permissions_*`. */
export function teamModelHandlers(
  deps: ManagementDeps,
): Pick<Handlers, 'addTeamModels' | 'deleteTeamModels' | 'teamPermissions' | 'updateTeamPermissions'> {
  const errors = 'detail';
  const models = { body: readTeamModels, errors } as const;
  return {
    addTeamModels: management(
      (request, identity) => changeModels(deps, request, identity, withModels),
      models,
    ),
    deleteTeamModels: management(
      (request, identity) => changeModels(deps, request, identity, withoutModels),
      models,
    ),
    teamPermissions: management((request, identity) => permissions(deps, request, identity), { errors }),
    updateTeamPermissions: management((request, identity) => updatePermissions(deps, request, identity), {
      body: readTeamPermissions,
      errors,
    }),
  };
}
