import type { Pool } from 'pg';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { KeyAuthenticator } from '../../identity/authenticator.ts';
import { endOf } from '../../identity/duration.ts';
import type { Identity } from '../../identity/identity.ts';
import { displayName, generateVirtualKey, hashKey, hashOf } from '../../identity/virtual-key.ts';
import type { NextReset } from '../../store/budget-periods.ts';
import { keyScope, removeBudgets } from '../../store/budgets.ts';
import { type Connection, transaction } from '../../store/connection.ts';
import { followKeyBudget } from '../../store/key-budgets.ts';
import { announceKeyChanges } from '../../store/key-changes.ts';
import {
  aliasTaken,
  type ChangedBy,
  deleteKeys,
  hashesOfAliases,
  insertKey,
  listKeys,
  lockKey,
  readKey,
  setBlocked,
  updateKey,
  type VirtualKeyRow,
} from '../../store/virtual-keys.ts';
import { generatedKey, keyInfo } from './key-answer.ts';
import { budgetDuration, columnsToChange, foldedMetadata, maxBudget } from './key-columns.ts';
import { listingScope, maySeeKey } from './key-permissions.ts';
import {
  type GenerateRequest,
  isSortColumn,
  readDelete,
  readGenerate,
  readInfoQuery,
  readKeyOnly,
  readListQuery,
  readUpdate,
  type UpdateRequest,
} from './key-requests.ts';
import { management } from './management.ts';
import { refuseUnchangeable, refuseUnenforced } from './unenforced.ts';

export interface KeyHandlerDeps {
  readonly db: Pool;
  readonly authenticator: Pick<KeyAuthenticator, 'evict'>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly nextReset: NextReset;
}

type KeyRoutes = Pick<
  Handlers,
  'generateKey' | 'updateKey' | 'keyInfo' | 'deleteKey' | 'blockKey' | 'unblockKey' | 'listKeys'
>;

/** What can travel in a header, so that the key can be used. */
const USABLE_KEY = /^sk-[\x21-\x7e]+$/;
const CHANGED_BY_LIMIT = 256;

function badRequest(param: string, message: string): GatewayError {
  return new GatewayError('bad_request', message, { param });
}

function notFound(param: string): GatewayError {
  return new GatewayError('not_found', 'No such key; it may have been deleted', { param });
}

function changedBy(request: GatewayRequest, identity: Identity): ChangedBy {
  const person = request.headers['litellm-changed-by'];
  return {
    userId: identity.userId ?? identity.keyHash,
    keyHash: identity.keyHash,
    person: typeof person === 'string' ? person.slice(0, CHANGED_BY_LIMIT) : null,
  };
}

function chosenKey({ key }: GenerateRequest): string {
  if (key === undefined || key === null || key === '') return generateVirtualKey();
  if (!USABLE_KEY.test(key)) {
    throw badRequest('key', "'key' must start with 'sk-' and hold only printable ASCII without spaces");
  }
  return key;
}

function namedKey(name: string, param: string): string {
  const hash = hashOf(name);
  if (hash === undefined) {
    throw badRequest(param, `'${param}' must be a key that starts with 'sk-', or its 64-digit hash`);
  }
  return hash;
}

async function requireFreeAlias(db: Connection, alias: string | null): Promise<void> {
  if (alias === null || !(await aliasTaken(db, alias))) return;
  throw badRequest('key_alias', `A key with the alias '${alias}' exists already; aliases are unique`);
}

async function generate(deps: KeyHandlerDeps, wanted: GenerateRequest, by: ChangedBy) {
  const key = chosenKey(wanted);
  const expires = endOf(wanted.duration, deps.clock());
  const keyAlias = wanted.key_alias || null;
  const duration = budgetDuration(wanted.budget_duration, deps.clock());
  const token = hashKey(key);
  const row = await transaction(deps.db, async (db) => {
    await requireFreeAlias(db, keyAlias);
    const stored = await insertKey(db, {
      token,
      keyName: displayName(key),
      keyAlias,
      expires,
      models: wanted.models ?? [],
      aliases: {},
      userId: wanted.user_id || null,
      metadata: foldedMetadata(wanted.metadata ?? {}, wanted),
      blocked: wanted.blocked ?? null,
      spend: wanted.spend ?? 0,
      rpmLimit: wanted.rpm_limit ?? null,
      tpmLimit: wanted.tpm_limit ?? null,
      maxParallelRequests: wanted.max_parallel_requests ?? null,
      maxBudget: maxBudget(wanted.max_budget),
      budgetDuration: duration,
      createdBy: by.userId,
    });
    if (stored === undefined) throw badRequest('key', 'This key exists already; choose another one');
    if (stored.max_budget !== null) {
      await followKeyBudget(db, token, { now: deps.clock(), nextReset: deps.nextReset });
    }
    await announceKeyChanges(db, [token]);
    return stored;
  });
  deps.authenticator.evict(token);
  return generatedKey(key, row);
}

/** Changes the columns whose members were sent; answers the key as it is then. */
async function update(deps: KeyHandlerDeps, wanted: UpdateRequest, by: ChangedBy) {
  const hash = namedKey(wanted.key, 'key');
  const changed = await transaction(deps.db, async (db) => {
    const row = await lockKey(db, hash);
    if (row === undefined) throw notFound('key');
    const columns = columnsToChange(wanted, row, deps.clock());
    const { key_alias: alias = row.key_alias } = columns;
    if (alias !== row.key_alias) await requireFreeAlias(db, alias);
    await updateKey(db, hash, { ...row, ...columns }, by);
    if (columns.max_budget !== undefined || columns.budget_duration !== undefined) {
      await followKeyBudget(db, hash, { now: deps.clock(), nextReset: deps.nextReset });
    }
    await announceKeyChanges(db, [hash]);
    return readKey(db, hash);
  });
  deps.authenticator.evict(hash);
  return { key: wanted.key, ...(changed && keyInfo(changed)) };
}

async function info({ db }: KeyHandlerDeps, named: string | undefined, identity: Identity) {
  const hash = named === undefined ? identity.keyHash : namedKey(named, 'key');
  const row = await readKey(db, hash);
  // A stranger gets one answer for absent keys and for others' keys.
  if (!maySeeKey(identity, row ?? { token: hash, user_id: null })) {
    throw new GatewayError('forbidden', 'This key may read only its own user\u2019s keys', { param: 'key' });
  }
  if (row === undefined) throw notFound('key');
  return { key: named ?? hash, info: keyInfo(row) };
}

async function remove(deps: KeyHandlerDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readDelete(request.body);
  const byName = new Map((wanted.keys ?? []).map((name) => [name, namedKey(name, 'keys')]));
  const aliases = wanted.key_aliases ?? [];
  const deleted = await transaction(deps.db, async (db) => {
    for (const [alias, hash] of await hashesOfAliases(db, aliases)) byName.set(alias, hash);
    const gone = await deleteKeys(db, [...new Set(byName.values())], changedBy(request, identity));
    await removeBudgets(db, gone.map(keyScope));
    await announceKeyChanges(db, gone);
    return new Set(gone);
  });
  if (deleted.size === 0) throw notFound(wanted.keys ? 'keys' : 'key_aliases');
  for (const hash of deleted) deps.authenticator.evict(hash);
  return { deleted_keys: [...byName].filter(([, hash]) => deleted.has(hash)).map(([name]) => name) };
}

async function block(
  deps: KeyHandlerDeps,
  request: GatewayRequest,
  identity: Identity,
  blocked: boolean,
): Promise<VirtualKeyRow> {
  const hash = namedKey(readKeyOnly(request.body).key, 'key');
  const row = await transaction(deps.db, async (db) => {
    const changed = await setBlocked(db, hash, blocked, changedBy(request, identity));
    await announceKeyChanges(db, [hash]);
    return changed;
  });
  if (row === undefined) throw notFound('key');
  deps.authenticator.evict(hash);
  return row;
}

async function list({ db }: KeyHandlerDeps, rawQuery: unknown, identity: Identity) {
  const query = readListQuery(rawQuery);
  const { sort_by: sortBy = null, status = null } = query;
  if (sortBy !== null && !isSortColumn(sortBy)) {
    throw badRequest('sort_by', `'${sortBy}' cannot be sorted by`);
  }
  if (status !== null && status !== 'deleted') {
    throw badRequest('status', "'status' can only be 'deleted'");
  }
  if (query.expand !== undefined) throw badRequest('expand', "'expand' is not served by this version");
  const teamId = query.team_id ?? null;
  const organizationId = query.organization_id ?? null;
  const scope = listingScope(identity, { userId: query.user_id ?? null, teamId, organizationId });
  const asked = query.key_hash ?? null;
  if (asked !== null && scope.keyHash !== null && asked !== scope.keyHash) {
    throw new GatewayError('forbidden', 'This key may list only itself', { param: 'key_hash' });
  }
  const page = await listKeys(db, {
    userId: scope.userId,
    teamId,
    organizationId,
    projectId: query.project_id ?? null,
    keyHash: asked ?? scope.keyHash,
    keyAlias: query.key_alias ?? null,
    includeCreatedBy: query.include_created_by_keys && scope.userId !== null,
    deleted: status === 'deleted',
    sortBy,
    sortOrder: query.sort_order,
    limit: query.size,
    offset: (query.page - 1) * query.size,
  });
  return {
    keys: query.return_full_object ? page.keys : page.keys.map(({ token }) => token),
    total_count: page.totalCount,
    current_page: query.page,
    total_pages: Math.ceil(page.totalCount / query.size),
  };
}

/** The handlers of `/key/*`. */
export function keyHandlers(deps: KeyHandlerDeps): KeyRoutes {
  return {
    generateKey: management((request, identity) => {
      const wanted = readGenerate(request.body);
      refuseUnenforced(wanted);
      return generate(deps, wanted, changedBy(request, identity));
    }),
    updateKey: management((request, identity) => {
      const wanted = readUpdate(request.body);
      refuseUnchangeable(wanted);
      return update(deps, wanted, changedBy(request, identity));
    }),
    keyInfo: management((request, identity) => info(deps, readInfoQuery(request.query).key, identity)),
    deleteKey: management((request, identity) => remove(deps, request, identity)),
    blockKey: management((request, identity) => block(deps, request, identity, true)),
    unblockKey: management((request, identity) => block(deps, request, identity, false)),
    listKeys: management((request, identity) => list(deps, request.query, identity)),
  };
}
