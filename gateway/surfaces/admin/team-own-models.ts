import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { modelTeam } from '../../config/model-team.ts';
import { subjects } from '../../identity/subjects.ts';
import { type ModelRow, modelsOfTeam } from '../../store/models-table.ts';
import { lockTeam, type TeamRow, updateTeam } from '../../store/teams.ts';
import { type Changes, teamAt } from './changes.ts';
import { badRequest } from './faults.ts';
import type { ModelRequest } from './model-requests.ts';
import { merged } from './stored-models.ts';
import { withModels, withoutModels } from './team-models.ts';
import { requireOrganization } from './team-objects.ts';

type Members = Readonly<Record<string, unknown>>;

/** What a model is called, and what is said about it. */
interface Named {
  readonly modelName: string;
  readonly info: Members;
}

/** The names of a new model. One of a team is kept as LiteLLM keeps it: under a name that nobody else has, the team's beside it. */
export function namesOf(modelName: string, info: Members): Named {
  const team = modelTeam(info, modelName);
  if (team === null) return { modelName, info };
  return {
    modelName: `model_name_${team.id}_${randomUUID()}`,
    info: { ...info, team_public_model_name: modelName },
  };
}

/**
 * The names of a model after an update; `model_name` is what its team calls it. Throws GatewayError bad_request for another
 * team: what one has brought along, its key too, is given to nobody else.
 */
export function changedNames(before: ModelRow, { model_name, model_info }: ModelRequest): Named {
  const was = modelTeam(before.model_info ?? {}, before.model_name);
  const info = merged(before.model_info ?? {}, model_info ?? {});
  if (model_info?.team_id !== undefined && (model_info.team_id ?? null) !== (was?.id ?? null)) {
    throw badRequest(
      'model_info.team_id',
      'Which team a model belongs to does not change: delete it, and add it anew for whom it is meant',
    );
  }
  if (was === null) return { modelName: model_name ?? before.model_name, info };
  const renamed = model_name === before.model_name ? null : model_name;
  const publicName = renamed ?? model_info?.team_public_model_name ?? was.publicName;
  return { modelName: before.model_name, info: { ...info, team_public_model_name: publicName } };
}

async function setModels(
  db: PoolClient,
  changed: Changes,
  team: TeamRow,
  models: readonly string[],
): Promise<void> {
  const updated = (await updateTeam(db, team.team_id, { models })) as TeamRow;
  changed.add(subjects.team(team.team_id)).updated(teamAt(team.team_id), team, updated);
}

/**
 * Puts what a team calls a model of its own on the list of what it may call; an empty list allows it anyway. Throws GatewayError
 * bad_request for a team that is not there, and for a name that its organisation does not have.
 */
export async function allowOwn(db: PoolClient, changed: Changes, { modelName, info }: Named): Promise<void> {
  const own = modelTeam(info, modelName);
  if (own === null) return;
  const team = await lockTeam(db, own.id);
  if (team === undefined) throw badRequest('model_info.team_id', `There is no team '${own.id}'`);
  await requireOrganization(db, { organization_id: team.organization_id, models: [own.publicName] });
  if (team.models.length === 0 || team.models.includes(own.publicName)) return;
  await setModels(db, changed, team, withModels(team.models, [own.publicName]));
}

/**
 * Takes what a team called a model of its own off its list, as LiteLLM does, unless another of its models is called so: the name
 * does not come to mean a model of somebody else.
 */
export async function disallowOwn(
  db: PoolClient,
  changed: Changes,
  { model_name, model_info }: ModelRow,
): Promise<void> {
  const own = modelTeam(model_info ?? {}, model_name);
  if (own === null) return;
  const team = await lockTeam(db, own.id);
  if (!team?.models.includes(own.publicName)) return;
  const left = await modelsOfTeam(db, own.id);
  const called = left.map((row) => modelTeam(row.model_info ?? {}, row.model_name)?.publicName);
  if (called.includes(own.publicName)) return;
  await setModels(db, changed, team, withoutModels(team.models, [own.publicName]));
}

/** Has the team's list follow when what it calls a model changes. */
export async function followOwnName(
  db: PoolClient,
  changed: Changes,
  before: ModelRow,
  after: ModelRow,
): Promise<void> {
  const [was, is] = [before, after].map((row) => modelTeam(row.model_info ?? {}, row.model_name)?.publicName);
  if (is === was) return;
  await allowOwn(db, changed, { modelName: after.model_name, info: after.model_info ?? {} });
  await disallowOwn(db, changed, before);
}
