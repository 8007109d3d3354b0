import { type Connection, rows } from './connection.ts';
import { jsonOf, unwrapped } from './json-columns.ts';

/** Members of an object in a row; texts are sealed (`sealed-text.ts`). */
export type SealedMembers = Readonly<Record<string, unknown>>;

/** A row of "LiteLLM_ProxyModelTable": a deployment that was added by the API. */
export interface ModelRow {
  readonly model_id: string;
  readonly model_name: string;
  readonly litellm_params: SealedMembers;
  /** Null where it is not given. */
  readonly model_info: Readonly<Record<string, unknown>> | null;
  /** Kept, and not served. */
  readonly blocked: boolean;
  /** Names the salt key of `litellm_params`; null of one that LiteLLM has written. */
  readonly litellm_params_key_id: string | null;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
}

export type ModelColumns = Pick<
  ModelRow,
  'model_name' | 'litellm_params' | 'model_info' | 'blocked' | 'litellm_params_key_id'
>;

const TEAM = `(${jsonOf('model_info')}) ->> 'team_id'`;

const COLUMNS = `model_id, model_name, ${unwrapped('litellm_params')}, ${unwrapped('model_info')}, blocked,
  litellm_params_key_id, created_at, created_by, updated_at, updated_by`;

/** All models, the oldest first. */
export async function listModels(db: Connection): Promise<readonly ModelRow[]> {
  return rows<ModelRow>(db, {
    text: `SELECT ${COLUMNS} FROM "LiteLLM_ProxyModelTable" ORDER BY created_at, model_id`,
  });
}

/** The models of one team. */
export async function modelsOfTeam(db: Connection, teamId: string): Promise<readonly ModelRow[]> {
  return rows<ModelRow>(db, {
    text: `SELECT ${COLUMNS} FROM "LiteLLM_ProxyModelTable" WHERE ${TEAM} = $1`,
    values: [teamId],
  });
}

/** Reads a model and holds it until the transaction ends; undefined when there is none. */
export async function lockModel(db: Connection, modelId: string): Promise<ModelRow | undefined> {
  const [row] = await rows<ModelRow>(db, {
    text: `SELECT ${COLUMNS} FROM "LiteLLM_ProxyModelTable" WHERE model_id = $1 FOR UPDATE`,
    values: [modelId],
  });
  return row;
}

const values = (modelId: string, columns: ModelColumns, by: string): unknown[] => [
  modelId,
  columns.model_name,
  JSON.stringify(columns.litellm_params),
  columns.model_info === null ? null : JSON.stringify(columns.model_info),
  columns.blocked,
  columns.litellm_params_key_id,
  by,
];

/** Stores a model; undefined when that id is taken. */
export async function insertModel(
  db: Connection,
  modelId: string,
  columns: ModelColumns,
  by: string,
): Promise<ModelRow | undefined> {
  const [row] = await rows<ModelRow>(db, {
    text: `
      INSERT INTO "LiteLLM_ProxyModelTable"
        (model_id, model_name, litellm_params, model_info, blocked, litellm_params_key_id, created_by, updated_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
      ON CONFLICT DO NOTHING
      RETURNING *`,
    values: values(modelId, columns, by),
  });
  return row;
}

/** Gives a model that is there other columns. */
export async function updateModel(
  db: Connection,
  modelId: string,
  columns: ModelColumns,
  by: string,
): Promise<ModelRow> {
  const [row] = await rows<ModelRow>(db, {
    text: `
      UPDATE "LiteLLM_ProxyModelTable"
      SET model_name = $2, litellm_params = $3, model_info = $4, blocked = $5, litellm_params_key_id = $6,
        updated_by = $7, updated_at = now() AT TIME ZONE 'UTC'
      WHERE model_id = $1
      RETURNING *`,
    values: values(modelId, columns, by),
  });
  return row as ModelRow;
}

/** Deletes a model; undefined when there is none. */
export async function deleteModel(db: Connection, modelId: string): Promise<ModelRow | undefined> {
  const [row] = await rows<ModelRow>(db, {
    text: 'DELETE FROM "LiteLLM_ProxyModelTable" WHERE model_id = $1 RETURNING *',
    values: [modelId],
  });
  return row;
}

/** Deletes the models of teams. */
export async function deleteModelsOfTeams(
  db: Connection,
  teamIds: readonly string[],
): Promise<readonly ModelRow[]> {
  return rows<ModelRow>(db, {
    text: `DELETE FROM "LiteLLM_ProxyModelTable" WHERE ${TEAM} = ANY ($1) RETURNING ${COLUMNS}`,
    values: [teamIds],
  });
}
