import { randomUUID } from 'node:crypto';
import type { StoredEntry } from '../../config/stored-model.ts';
import type { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { subjects } from '../../identity/subjects.ts';
import {
  deleteModel,
  insertModel,
  lockModel,
  type ModelColumns,
  updateModel,
} from '../../store/models-table.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { modelAt } from './changes.ts';
import { badRequest } from './faults.ts';
import { management } from './management.ts';
import { modelInfoHandlers } from './model-info.ts';
import { readModelDelete, readModelUpdate, readNewModel } from './model-requests.ts';
import {
  auditedModel,
  merged,
  refuseMasks,
  requireKeyWithAddress,
  requireOpen,
  requireServable,
  requireWritable,
} from './stored-models.ts';
import { allowOwn, changedNames, disallowOwn, followOwnName, namesOf } from './team-own-models.ts';

/** A model as a request leaves it, its texts open. */
interface OpenModel extends StoredEntry {
  readonly blocked: boolean;
}

function columnsOf({ modelName, params, info, blocked, id }: OpenModel, deps: ManagementDeps): ModelColumns {
  return {
    model_name: modelName,
    litellm_params: deps.saltKeys.sealAll(params),
    model_info: { ...info, id, db_model: true },
    blocked,
    litellm_params_key_id: deps.saltKeys.id,
  };
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  requireWritable(deps);
  const wanted = readNewModel(request.body);
  const by = changedBy(request, who);
  const info = merged({}, wanted.model_info ?? {});
  const model: OpenModel = {
    id: wanted.model_info?.id ?? randomUUID(),
    ...namesOf(wanted.model_name, info),
    params: merged({}, wanted.litellm_params),
    blocked: wanted.blocked ?? false,
  };
  return change(deps, by, async (db, changed) => {
    await requireServable(deps, db, model);
    await allowOwn(db, changed, model);
    const row = await insertModel(db, model.id, columnsOf(model, deps), by.userId);
    if (row === undefined)
      throw badRequest('model_info.id', `A model with the id '${model.id}' exists already`);
    changed.add(subjects.model(model.id)).created(modelAt(model.id), auditedModel(row, model.params));
    return row;
  });
}

/** Throws GatewayError for an id that is no model's of the database; one of the file is said to be. */
function unknown(id: string, param: string, { models }: ManagementDeps): GatewayError {
  return models.fileIds.has(id)
    ? badRequest(param, `Model '${id}' stands in the configuration file: change it there`)
    : badRequest(param, `There is no model with the id '${id}' in the database`);
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity, path?: string) {
  requireWritable(deps);
  const wanted = readModelUpdate(request.body);
  const by = changedBy(request, who);
  const id = path ?? wanted.model_info?.id;
  if (!id) throw badRequest('model_info.id', "'model_info.id' is required: the id of the model to change");
  const changes = wanted.litellm_params ?? {};
  refuseMasks(changes, 'litellm_params');
  return change(deps, by, async (db, changed) => {
    const before = await lockModel(db, id);
    if (before === undefined) throw unknown(id, 'model_info.id', deps);
    const known = requireOpen(deps, before.litellm_params, 'litellm_params');
    requireKeyWithAddress(known, changes, 'litellm_params');
    const model: OpenModel = {
      id,
      ...changedNames(before, wanted),
      params: merged(known, changes),
      blocked: wanted.blocked ?? before.blocked,
    };
    if (!model.blocked) await requireServable(deps, db, model);
    const row = await updateModel(db, id, columnsOf(model, deps), by.userId);
    await followOwnName(db, changed, before, row);
    changed
      .add(subjects.model(id))
      .updated(modelAt(id), auditedModel(before, known), auditedModel(row, model.params));
    return row;
  });
}

async function remove(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  requireWritable(deps);
  const { id } = readModelDelete(request.body);
  return change(deps, changedBy(request, who), async (db, changed) => {
    const row = await deleteModel(db, id);
    if (row === undefined) throw unknown(id, 'id', deps);
    await disallowOwn(db, changed, row);
    changed.add(subjects.model(id)).deleted(modelAt(id), auditedModel(row, {}));
    return { message: `Model: ${id} deleted successfully` };
  });
}

/** The handlers of `/model/*`, and of what lists models with more than their names. */
export function modelHandlers(deps: ManagementDeps) {
  const body = { body: readModelUpdate };
  return {
    ...modelInfoHandlers(deps),
    newModel: management((request, who) => create(deps, request, who), { body: readNewModel }),
    updateModel: management((request, who) => update(deps, request, who), body),
    patchModel: management(
      (request, who) => update(deps, request, who, (request.params as { model_id: string }).model_id),
      body,
    ),
    deleteModel: management((request, who) => remove(deps, request, who), { body: readModelDelete }),
  } satisfies Partial<Handlers>;
}
