import type { PoolClient } from 'pg';
import { isShown } from '../../config/shown-params.ts';
import { referencingMembers } from '../../config/stored-model.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { subjects } from '../../identity/subjects.ts';
import {
  type CredentialColumns,
  type CredentialRow,
  deleteCredential,
  insertCredential,
  listCredentials,
  lockCredential,
  updateCredential,
} from '../../store/credentials-table.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { credentialAt } from './changes.ts';
import { badRequest, notFound } from './faults.ts';
import { LONGEST_ID } from './key-requests.ts';
import { management } from './management.ts';
import {
  MASK,
  merged,
  refuseMasks,
  requireKeyWithAddress,
  requireOpen,
  requireWritable,
} from './stored-models.ts';
import { bodyReader } from './validation.ts';

type Members = Readonly<Record<string, unknown>>;

interface CredentialRequest {
  readonly credential_name?: string | null;
  readonly credential_values?: Members | null;
  readonly credential_info?: Members | null;
}

const name = { type: 'string', minLength: 1, maxLength: LONGEST_ID, pattern: '^[^/]+$' } as const;
const members = { type: ['object', 'null'] } as const;

const readNew = bodyReader<
  CredentialRequest & { readonly credential_name: string; readonly credential_values: Members }
>({
  type: 'object',
  required: ['credential_name', 'credential_values'],
  properties: { credential_name: name, credential_values: { type: 'object' }, credential_info: members },
});

const readUpdate = bodyReader<CredentialRequest>({
  type: 'object',
  properties: {
    credential_name: { ...name, type: ['string', 'null'] },
    credential_values: members,
    credential_info: members,
  },
});

const nameIn = (request: GatewayRequest): string => (request.params as { name: string }).name;

/** Throws GatewayError for a name of the file, whose credentials are changed there. */
function requireStored({ storedModels }: ManagementDeps, credential: string): void {
  if (!storedModels.rules.credentials.has(credential)) return;
  throw badRequest(
    'credential_name',
    `Credential '${credential}' stands in the configuration file: change it there`,
  );
}

function requireValues(values: Members): void {
  refuseMasks(values, 'credential_values');
  const [reference] = referencingMembers(values);
  if (reference === undefined) return;
  throw badRequest(
    `credential_values.${reference}`,
    `'${reference}' refers to the environment, which only the configuration file may do: put the credential into its credential_list`,
  );
}

const missing = (credential: string) =>
  notFound('credential_name', `There is no credential '${credential}' in the database`);

function columnsOf(values: Members, info: Members | null, { saltKeys }: ManagementDeps): CredentialColumns {
  return {
    credential_values: saltKeys.sealAll(values),
    credential_info: info,
    litellm_values_key_id: saltKeys.id,
  };
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  requireWritable(deps);
  const { credential_name: credential, credential_values: values, credential_info } = readNew(request.body);
  const by = changedBy(request, who);
  requireStored(deps, credential);
  requireValues(values);
  await change(deps, by, async (db, changed) => {
    const columns = columnsOf(merged({}, values), credential_info ?? null, deps);
    const row = await insertCredential(db, credential, columns, by.userId);
    if (row === undefined) throw badRequest('credential_name', `Credential '${credential}' exists already`);
    changed.add(subjects.credential(credential)).created(credentialAt(credential), row);
  });
  return { success: true, message: 'Credential created successfully' };
}

async function requireCredential(db: PoolClient, credential: string): Promise<CredentialRow> {
  const row = await lockCredential(db, credential);
  if (row === undefined) throw missing(credential);
  return row;
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  requireWritable(deps);
  const credential = nameIn(request);
  const wanted = readUpdate(request.body);
  if (wanted.credential_name && wanted.credential_name !== credential) {
    throw badRequest('credential_name', 'A credential keeps its name: models refer to it');
  }
  const by = changedBy(request, who);
  requireStored(deps, credential);
  const changes = wanted.credential_values ?? {};
  requireValues(changes);
  await change(deps, by, async (db, changed) => {
    const before = await requireCredential(db, credential);
    const known = requireOpen(deps, before.credential_values, 'credential_values');
    requireKeyWithAddress(known, changes, 'credential_values');
    const info = merged(before.credential_info ?? {}, wanted.credential_info ?? {});
    const row = await updateCredential(
      db,
      credential,
      columnsOf(merged(known, changes), info, deps),
      by.userId,
    );
    changed.add(subjects.credential(credential)).updated(credentialAt(credential), before, row);
  });
  return { success: true, message: 'Credential updated successfully' };
}

async function remove(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  requireWritable(deps);
  const credential = nameIn(request);
  requireStored(deps, credential);
  await change(deps, changedBy(request, who), async (db, changed) => {
    const row = await deleteCredential(db, credential);
    if (row === undefined) throw missing(credential);
    changed.add(subjects.credential(credential)).deleted(credentialAt(credential), row);
  });
  return { success: true, message: 'Credential deleted successfully' };
}

/** A credential as anybody may see it: of secrets only that they are there. */
function shown(credential: string, values: Members, info: Members | null) {
  const masked = Object.entries(values).map(([key, value]) => [key, isShown(key, value) ? value : MASK]);
  return {
    credential_name: credential,
    credential_values: Object.fromEntries(masked),
    credential_info: info ?? {},
  };
}

/** The values of a row where a key opens them: who only looks is told their names in any case. */
function valuesOf(row: CredentialRow, { saltKeys }: ManagementDeps): Members {
  try {
    return saltKeys.openAll(row.credential_values);
  } catch {
    return Object.fromEntries(Object.keys(row.credential_values).map((key) => [key, MASK]));
  }
}

async function all(deps: ManagementDeps) {
  const { rules, enabled } = deps.storedModels;
  const ofFile = [...rules.credentials].map(([credential, values]) => shown(credential, values, null));
  const rows = enabled ? await listCredentials(deps.db) : [];
  const stored = rows
    .filter((row) => !rules.credentials.has(row.credential_name))
    .map((row) => shown(row.credential_name, valuesOf(row, deps), row.credential_info));
  return [...ofFile, ...stored];
}

async function byName(deps: ManagementDeps, credential: string) {
  const found = (await all(deps)).find(({ credential_name }) => credential_name === credential);
  if (found === undefined) throw missing(credential);
  return found;
}

/** The handlers of `/credentials`: values that models share, of which no answer shows a secret. */
export function credentialHandlers(deps: ManagementDeps) {
  return {
    newCredential: management((request, who) => create(deps, request, who), { body: readNew }),
    listCredentials: management(async () => ({ success: true, credentials: await all(deps) })),
    credentialByName: management((request) => byName(deps, nameIn(request))),
    updateCredential: management((request, who) => update(deps, request, who), { body: readUpdate }),
    deleteCredential: management((request, who) => remove(deps, request, who)),
  } satisfies Partial<Handlers>;
}
