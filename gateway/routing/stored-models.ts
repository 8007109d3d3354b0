import type { Credentials, StoredModelSettings } from '../config/config.ts';
import type { Settings } from '../config/findings.ts';
import { modelTeam } from '../config/model-team.ts';
import { readStoredModel } from '../config/stored-model.ts';
import type { Connection } from '../store/connection.ts';
import { type CredentialRow, listCredentials } from '../store/credentials-table.ts';
import { listModels, type ModelRow } from '../store/models-table.ts';
import { type SaltKeys, UnreadableText } from '../store/sealed-text.ts';
import type { StoredModel } from './models.ts';

export interface StoredModelsOptions {
  readonly db: Connection;
  readonly keys: SaltKeys;
  readonly settings: StoredModelSettings;
  /** Ids of the file's models. */
  readonly fileIds: readonly string[];
}

/** Opens a row's members, or says why it cannot. */
function opened(keys: SaltKeys, sealed: Settings): Settings | UnreadableText {
  try {
    return keys.openAll(sealed);
  } catch (error) {
    if (error instanceof UnreadableText) return error;
    throw error;
  }
}

/** The credentials of the database that can be read; who names one of the others is told so by its absence. */
export function openCredentials(rows: readonly CredentialRow[], keys: SaltKeys): Credentials {
  const credentials = new Map<string, Settings>();
  for (const { credential_name, credential_values } of rows) {
    const values = opened(keys, credential_values);
    if (!(values instanceof UnreadableText)) credentials.set(credential_name, values);
  }
  return credentials;
}

const served = (row: ModelRow): Pick<StoredModel, 'id' | 'modelName' | 'team' | 'blocked' | 'info'> => ({
  id: row.model_id,
  modelName: row.model_name,
  team: modelTeam(row.model_info ?? {}, row.model_name),
  blocked: row.blocked,
  info: row.model_info ?? {},
});

/** Reads the models of the database as entries of the file are read; what is wrong with one of them keeps back that one alone. */
export async function loadStoredModels({
  db,
  keys,
  settings: { rules },
  fileIds,
}: StoredModelsOptions): Promise<readonly StoredModel[]> {
  const [rows, credentials] = [await listModels(db), await listCredentials(db)];
  const stored = openCredentials(credentials, keys);
  const seenIds = new Set(fileIds);
  return rows.map((row) => {
    const about = served(row);
    const params = opened(keys, row.litellm_params);
    if (params instanceof UnreadableText) {
      const faults = [{ path: 'litellm_params', message: params.message }];
      return { ...about, deployment: null, faults, warnings: [] };
    }
    const entry = { id: about.id, modelName: about.modelName, info: about.info, params };
    return { ...about, ...readStoredModel(entry, { rules, stored }, seenIds) };
  });
}
