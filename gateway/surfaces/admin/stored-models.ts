import type { DeploymentConfig, Finding } from '../../config/config.ts';
import { isShown } from '../../config/shown-params.ts';
import { addressKeys, readStoredModel, type StoredEntry } from '../../config/stored-model.ts';
import { GatewayError } from '../../http/errors.ts';
import { abbreviated } from '../../identity/presented-key.ts';
import { openCredentials } from '../../routing/stored-models.ts';
import type { Connection } from '../../store/connection.ts';
import { listCredentials } from '../../store/credentials-table.ts';
import type { ModelRow } from '../../store/models-table.ts';
import { UnreadableText } from '../../store/sealed-text.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest, forbidden } from './faults.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * The deployment that a model of the database would be. Throws GatewayError bad_request for one that could not be served, in the
 * words in which a start would refuse it.
 */
export async function requireServable(
  { storedModels, saltKeys, models }: Pick<ManagementDeps, 'storedModels' | 'saltKeys' | 'models'>,
  db: Connection,
  model: StoredEntry,
): Promise<DeploymentConfig> {
  const stored = openCredentials(await listCredentials(db), saltKeys);
  const rules = { rules: storedModels.rules, stored };
  const { deployment, faults } = readStoredModel(model, rules, new Set(models.fileIds));
  if (deployment !== null) return deployment;
  const { path, message } = faults[0] as Finding;
  throw badRequest(path, `${path}: ${message}`);
}

/** A row for the audit log: what is no secret in clear, of the rest the end of what is sealed, so that a change of it shows. */
export function auditedModel(row: ModelRow, params: Members): object {
  const shown = Object.entries(row.litellm_params).map(([name, sealed]) => [
    name,
    isShown(name, params[name]) ? params[name] : abbreviated(JSON.stringify(sealed)),
  ]);
  return { ...row, litellm_params: Object.fromEntries(shown) };
}

/** Refuses to write models and credentials where the operator has not said that the database holds any, or that the API may. */
export function requireWritable({ storedModels }: Pick<ManagementDeps, 'storedModels'>): void {
  if (!storedModels.enabled) {
    throw new GatewayError(
      'switched_off',
      "Models are kept in the configuration file alone. Set `store_model_in_db: true` in its general_settings, or 'STORE_MODEL_IN_DB=True' in the environment, to keep some in the database",
      { param: 'store_model_in_db' },
    );
  }
  if (!storedModels.writable) {
    throw forbidden(
      'disable_add_model_via_api',
      'Models and credentials cannot be changed by the API: general_settings.disable_add_model_via_api is set',
    );
  }
}

/** Members as they are after a change: what it names, without those that it sets to null. */
export function merged(before: Members, changes: Members): Members {
  return Object.fromEntries(
    Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** What stands in the place of a secret that is not shown. */
export const MASK = '****';

/** Throws GatewayError bad_request for a mask that comes back as a value: it would take the place of the secret. */
export function refuseMasks(values: Members, path: string): void {
  const name = Object.keys(values).find((key) => values[key] === MASK);
  if (name === undefined) return;
  throw badRequest(
    `${path}.${name}`,
    `'${name}' is the mask that is shown instead of a secret; leave it out`,
  );
}

/** A row's members, open. Throws GatewayError bad_request where no key opens them: nobody can change what nobody can read. */
export function requireOpen({ saltKeys }: ManagementDeps, sealed: Members, param: string): Members {
  try {
    return saltKeys.openAll(sealed);
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    throw badRequest(
      param,
      `${error.message}. Give the gateway the key that sealed it, as LITELLM_SALT_KEY_PREVIOUS, or delete it and add it anew`,
    );
  }
}

/** A key goes with the address that it was given for: who changes the address gives the key anew. */
export function requireKeyWithAddress(before: Members, changes: Members, path: string): void {
  const moved = addressKeys.find((key) => key in changes && changes[key] !== before[key]);
  if (moved === undefined || before.api_key === undefined || typeof changes.api_key === 'string') return;
  throw badRequest(
    `${path}.api_key`,
    `Give api_key together with ${moved}: the key that is stored is not sent to another address`,
  );
}
