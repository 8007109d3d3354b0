import type { PoolClient } from 'pg';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { expiryOf } from '../../identity/key-params.ts';
import { owners } from '../../identity/owners.ts';
import { seesAll } from '../../identity/permissions.ts';
import { hashKey } from '../../identity/virtual-key.ts';
import { readModelBudgets, readWindows } from '../../identity/written-budgets.ts';
import type { Connection } from '../../store/connection.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { lockKey } from '../../store/key-updates.ts';
import {
  aliasTaken,
  hashesOfAliases,
  insertKey,
  readKey,
  setBlocked,
  type VirtualKeyRow,
} from '../../store/virtual-keys.ts';
import { budgetDuration, modelBudgetsOf, requireIncrease, usdAmount, windowsOf } from './budget-columns.ts';
import { type BudgetDeps, budgetRules, change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, keyAt } from './changes.ts';
import { badRequest, forbidden, notFound } from './faults.ts';
import { folded } from './folded-fields.ts';
import { requireHeld } from './held-limits.ts';
import { generatedKey, keyInfo } from './key-answer.ts';
import { routesOf } from './key-columns.ts';
import { list, listAliases } from './key-list.ts';
import { type NewOwner, newOwner, requireMayLink, requireNoWider, rightsOnKey } from './key-permissions.ts';
import { removeKeys } from './key-removal.ts';
import {
  type GenerateRequest,
  readDelete,
  readGenerate,
  readInfoQuery,
  readKeyOnly,
  readRegenerate,
  readResetSpend,
  readUpdate,
} from './key-requests.ts';
import { completed, requireAlias, requireMaker } from './key-rules.ts';
import { budgetOfNewKey } from './key-soft-budget.ts';
import { resetSpend } from './key-spend.ts';
import { regenerate, update } from './key-update.ts';
import { withBudgets } from './linked-budget.ts';
import { management } from './management.ts';
import { endedByTeam } from './member-key-duration.ts';
import { foldedMetadata } from './metadata.ts';
import { chosenKey, namedKey, shownName } from './named-key.ts';
import { withPartSpend } from './part-spend.ts';
import { readServiceAccount, serviceAccountOwner } from './service-accounts.ts';
import { refuseUnenforced } from './unenforced.ts';
import type { BodyReader } from './validation.ts';

type KeyRoutes = Pick<
  Handlers,
  | 'generateKey'
  | 'generateServiceAccountKey'
  | 'updateKey'
  | 'regenerateKey'
  | 'regenerateNamedKey'
  | 'keyInfo'
  | 'deleteKey'
  | 'blockKey'
  | 'unblockKey'
  | 'listKeys'
  | 'listKeyAliases'
  | 'resetKeySpend'
  | 'keyHealth'
>;

const GONE = 'No such key; it may have been deleted';

/** A key that is being made: what was asked for, for whom, and by whom. */
export interface KeyOrder {
  readonly wanted: GenerateRequest;
  readonly owner: NewOwner;
  readonly by: string;
}

/** Stores a new key and returns the answer that shows it. */
export async function makeKey(
  deps: BudgetDeps & Pick<ManagementDeps, 'keyRules'>,
  db: PoolClient,
  changed: Changes,
  { wanted, owner, by }: KeyOrder,
) {
  const { keyRules } = deps;
  const rules = budgetRules(deps);
  const { now } = rules;
  const key = chosenKey(wanted.key, 'key');
  const expires = expiryOf(wanted.duration, now);
  const keyAlias = wanted.key_alias || null;
  requireAlias(keyAlias, keyRules);
  const token = hashKey(key);
  if (keyAlias !== null && (await aliasTaken(db, keyAlias))) {
    throw badRequest('key_alias', `A key with the alias '${keyAlias}' exists already; aliases are unique`);
  }
  const budget = await budgetOfNewKey(db, changed, { wanted, by });
  const metadata = foldedMetadata(wanted.metadata ?? {}, wanted, folded);
  const most = usdAmount('max_budget', wanted.max_budget) ?? budget?.max_budget ?? null;
  requireIncrease({ before: {}, after: metadata, most, ceilings: keyRules.ceilings, now });
  const row = await insertKey(db, {
    token,
    keyName: shownName(key, keyRules),
    keyAlias,
    expires,
    models: wanted.models ?? [],
    aliases: wanted.aliases ?? {},
    ...owner,
    allowedRoutes: routesOf(wanted),
    metadata,
    blocked: wanted.blocked ?? null,
    spend: wanted.spend ?? 0,
    rpmLimit: wanted.rpm_limit ?? null,
    tpmLimit: wanted.tpm_limit ?? null,
    maxParallelRequests: wanted.max_parallel_requests ?? null,
    maxBudget: usdAmount('max_budget', wanted.max_budget),
    budgetDuration: budgetDuration(wanted.budget_duration, now),
    budgetLimits: windowsOf(wanted.budget_limits ?? null, now),
    modelMaxBudget: modelBudgetsOf(wanted.model_max_budget ?? null, now),
    budgetId: budget?.budget_id ?? null,
    permissions: wanted.permissions ?? {},
    createdBy: by,
  });
  if (row === undefined) throw badRequest('key', 'This key exists already; choose another one');
  const amount = most ?? budget?.soft_budget ?? null;
  const parts = [...readWindows(row.budget_limits), ...readModelBudgets(row.model_max_budget)];
  if (amount !== null || parts.length > 0) {
    await followBudgets(db, [owners.key(token)], rules);
  }
  changed.add(token).created(keyAt(token), row);
  return generatedKey(key, row, budget);
}

/** A kind of new keys: what its requests say, and whom they are for. */
interface KindOfKey {
  readonly read: BodyReader<GenerateRequest>;
  readonly owner: typeof newOwner;
}

const ordinary: KindOfKey = { read: readGenerate, owner: newOwner };
const serviceAccount: KindOfKey = { read: readServiceAccount, owner: serviceAccountOwner };

async function generate(deps: ManagementDeps, request: GatewayRequest, identity: Identity, kind: KindOfKey) {
  const { clock, keyRules } = deps;
  const asked = kind.read(request.body);
  const whole = completed(asked, keyRules, clock());
  refuseUnenforced(whole);
  requireMayLink(identity, whole, null);
  requireNoWider(identity, { ...whole, allowed_routes: routesOf(whole) });
  const by = changedBy(request, identity);
  return change(deps, by, async (db, changed) => {
    const { runsTeam, ...owner } = await kind.owner(db, identity, whole);
    const { ceilings } = keyRules;
    const wanted = await endedByTeam(db, { asked, wanted: whole, owner }, { ceilings, now: clock() });
    requireMaker(identity, wanted, { teamId: owner.teamId, runsTeam }, keyRules);
    const made = await makeKey(deps, db, changed, { wanted, owner, by: by.userId });
    await requireHeld(db, identity, { hash: made.token, field: 'max_budget' });
    return made;
  });
}

async function info({ db }: ManagementDeps, named: string | undefined, identity: Identity) {
  const hash = named === undefined ? identity.keyHash : namedKey(named, 'key');
  const row = await readKey(db, hash);
  if (row !== undefined && (await rightsOnKey(db, identity, row)).read) {
    const [linked] = await withBudgets(db, [row]);
    return {
      key: named ?? hash,
      info: {
        ...(await withPartSpend(db, owners.key(hash), keyInfo(row))),
        litellm_budget_table: linked?.litellm_budget_table,
      },
    };
  }
  // A stranger gets one answer for absent keys and for others' keys.
  if (row !== undefined || !(seesAll(identity) || hash === identity.keyHash)) {
    throw forbidden('key', 'This key may read only its own user’s keys, and those of its team');
  }
  throw notFound('key', GONE);
}

/** Throws GatewayError forbidden unless the caller may do this to every one of the keys that exist. */
async function requireRight(
  db: Connection,
  who: Identity,
  hashes: Iterable<string>,
  right: 'delete' | 'block',
): Promise<void> {
  if (who.role === 'proxy_admin') return;
  for (const hash of hashes) {
    const row = await readKey(db, hash);
    if (row !== undefined && (await rightsOnKey(db, who, row))[right]) continue;
    throw forbidden('key', `This key may not ${right} that key: it belongs to others`);
  }
}

async function remove(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readDelete(request.body);
  const byName = new Map((wanted.keys ?? []).map((name) => [name, namedKey(name, 'keys')]));
  const aliases = wanted.key_aliases ?? [];
  const by = changedBy(request, identity);
  const deleted = await change(deps, by, async (db, changed) => {
    for (const [alias, hash] of await hashesOfAliases(db, aliases)) byName.set(alias, hash);
    const hashes = new Set(byName.values());
    await requireRight(db, identity, hashes, 'delete');
    return new Set(await removeKeys(db, changed, [...hashes], by));
  });
  if (deleted.size === 0) throw notFound(wanted.keys ? 'keys' : 'key_aliases', GONE);
  return { deleted_keys: [...byName].filter(([, hash]) => deleted.has(hash)).map(([name]) => name) };
}

async function block(
  deps: ManagementDeps,
  request: GatewayRequest,
  identity: Identity,
  blocked: boolean,
): Promise<VirtualKeyRow> {
  const hash = namedKey(readKeyOnly(request.body).key, 'key');
  const by = changedBy(request, identity);
  return change(deps, by, async (db, changed) => {
    await requireRight(db, identity, [hash], 'block');
    const before = await lockKey(db, hash);
    if (before === undefined) throw notFound('key', GONE);
    const row = (await setBlocked(db, hash, blocked, by)) as VirtualKeyRow;
    changed.add(hash).updated(keyAt(hash), before, row, blocked ? 'blocked' : 'unblocked');
    return row;
  });
}

/** The handlers of `/key/*`. */
export function keyHandlers(deps: ManagementDeps): KeyRoutes {
  const regenerated = management((request, identity) => regenerate(deps, request, identity), {
    body: readRegenerate,
  });
  return {
    generateKey: management((request, identity) => generate(deps, request, identity, ordinary), {
      body: readGenerate,
    }),
    generateServiceAccountKey: management(
      (request, identity) => generate(deps, request, identity, serviceAccount),
      { body: readServiceAccount },
    ),
    updateKey: management((request, identity) => update(deps, request, identity), { body: readUpdate }),
    regenerateKey: regenerated,
    regenerateNamedKey: regenerated,
    keyInfo: management((request, identity) => info(deps, readInfoQuery(request.query).key, identity)),
    deleteKey: management((request, identity) => remove(deps, request, identity), { body: readDelete }),
    blockKey: management((request, identity) => block(deps, request, identity, true), { body: readKeyOnly }),
    unblockKey: management((request, identity) => block(deps, request, identity, false), {
      body: readKeyOnly,
    }),
    listKeys: management((request, identity) => list(deps, request.query, identity)),
    listKeyAliases: management((request, identity) => listAliases(deps.db, request.query, identity)),
    resetKeySpend: management((request, identity) => resetSpend(deps, request, identity), {
      body: readResetSpend,
    }),
    // A key that comes so far is known, not blocked and not expired. It has no logging callbacks: none are served.
    keyHealth: management(async () => ({ key: 'healthy', logging_callbacks: null })),
  };
}
