import type { PoolClient } from 'pg';
import type { JsonObject } from '../../http/body.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import { endOf } from '../../identity/duration.ts';
import type { Identity } from '../../identity/identity.ts';
import { owners } from '../../identity/owners.ts';
import type { KeyRights } from '../../identity/permissions.ts';
import { hashKey } from '../../identity/virtual-key.ts';
import { readBudgets } from '../../store/budgets-table.ts';
import type { ChangedBy } from '../../store/changed-by.ts';
import type { Connection } from '../../store/connection.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { type KeyColumns, lockKey, rotateKey, updateKey } from '../../store/key-updates.ts';
import { setOwnerSpent } from '../../store/owner-budgets.ts';
import { readTeam } from '../../store/teams.ts';
import { aliasTaken, readKey, type VirtualKeyRow } from '../../store/virtual-keys.ts';
import { requireIncrease } from './budget-columns.ts';
import { budgetRules, type Changer, change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, keyAt } from './changes.ts';
import { badRequest, forbidden, notFound } from './faults.ts';
import { limitOfKey, requireHeld } from './held-limits.ts';
import { generatedKey } from './key-answer.ts';
import { requireMayChange } from './key-changes.ts';
import { columnsOf } from './key-columns.ts';
import { requireNoWider, requireOrganizationOf, rightsOnKey } from './key-permissions.ts';
import { type KeyFields, readRegenerate, readUpdate, type UpdateRequest } from './key-requests.ts';
import { requireAlias, requireBelow, requireTeamOf } from './key-rules.ts';
import { changeSoftBudget, lockBudgetOfKey } from './key-soft-budget.ts';
import { requireBudget, withBudgets } from './linked-budget.ts';
import { requireMemberEnd } from './member-key-duration.ts';
import { chosenKey, namedKey, shownName } from './named-key.ts';
import { requireMayBeNobodys } from './nobodys-keys.ts';
import { refuseUnenforced } from './unenforced.ts';
import { InvalidRequest } from './validation.ts';

/** Fields that cannot be changed, would not be enforced, or are beyond what the configuration allows. */
function refuseUnchangeable(wanted: KeyFields & JsonObject, { keyRules, clock }: ManagementDeps): void {
  refuseUnenforced(wanted);
  requireBelow(wanted, keyRules.ceilings, clock());
  requireAlias(wanted.key_alias, keyRules);
  if (wanted.team_id !== undefined) requireTeamOf(wanted.team_id || null, keyRules, 'team_id');
  if (wanted.key_type && wanted.key_type !== 'default') {
    throw badRequest('key_type', "'key_type' is for new keys; give 'allowed_routes'");
  }
}

/** The key and the caller's rights on it. A stranger gets one answer for absent keys and for others' keys. */
async function reach(
  db: Connection,
  who: Identity,
  hash: string,
  right: keyof KeyRights,
): Promise<{ readonly row: VirtualKeyRow; readonly rights: KeyRights }> {
  const row = await lockKey(db, hash);
  const rights = row && (await rightsOnKey(db, who, row));
  if (row !== undefined && rights?.[right]) return { row, rights };
  if (row === undefined && who.role === 'proxy_admin') {
    throw notFound('key', 'No such key; it may have been deleted');
  }
  throw forbidden('key', 'This key may change only keys of its own user, and of teams that it runs');
}

async function requireConsistent(
  { clock, keyRules }: ManagementDeps,
  db: Connection,
  columns: KeyColumns,
  row: VirtualKeyRow,
): Promise<void> {
  const { key_alias: alias, team_id: teamId, budget_id: budgetId } = columns;
  if (alias && (await aliasTaken(db, alias, row.token))) {
    throw badRequest('key_alias', `A key with the alias '${alias}' exists already; aliases are unique`);
  }
  if (teamId && teamId !== row.team_id && (await readTeam(db, teamId)) === undefined) {
    throw badRequest('team_id', `There is no team '${teamId}'`);
  }
  const isMoved = (['team_id', 'user_id'] as const).some(
    (owner) => columns[owner] !== undefined && columns[owner] !== row[owner],
  );
  if (isMoved || columns.expires !== undefined) {
    const { team_id, user_id, expires } = { ...row, ...columns };
    await requireMemberEnd(db, { teamId: team_id, userId: user_id }, { expires, now: clock() });
  }
  if (budgetId) await requireBudget(db, budgetId);
  if (teamId !== undefined || columns.organization_id !== undefined) {
    const { team_id, organization_id } = { ...row, ...columns };
    await requireOrganizationOf(db, { teamId: team_id, organizationId: organization_id });
  }
  if ((['metadata', 'max_budget', 'budget_id'] as const).every((name) => columns[name] === undefined)) return;
  const { metadata, max_budget, budget_id } = { ...row, ...columns };
  const [linked] = budget_id === null ? [] : await readBudgets(db, [budget_id]);
  const most = max_budget ?? linked?.max_budget ?? null;
  const { ceilings } = keyRules;
  requireIncrease({ before: row.metadata, after: metadata, most, ceilings, now: clock() });
}

/** Columns that say what a key may spend. */
const budgetColumns = [
  'max_budget',
  'budget_duration',
  'budget_limits',
  'model_max_budget',
  'budget_id',
  'metadata',
] as const;

interface KeyWrite {
  readonly hash: string;
  readonly wanted: KeyFields;
  readonly columns: KeyColumns;
  /** What the key is linked to now. */
  readonly linked: string | null;
  readonly who: Identity;
  readonly by: ChangedBy;
}

/**
 * Writes columns of a key that is locked, and makes its budget what they say; returns its row as it is then. Throws
 * GatewayError forbidden where the caller's key would get around its own limits.
 */
async function write(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { hash, wanted, columns: sent, linked, who, by }: KeyWrite,
): Promise<VirtualKeyRow> {
  const made = await changeSoftBudget(deps, db, changed, { wanted, linked, who, by: by.userId });
  const columns = made === undefined ? sent : { ...sent, budget_id: made };
  await updateKey(db, hash, columns, by);
  const { spend } = columns;
  const rules = budgetRules(deps);
  if (spend !== undefined) await setOwnerSpent(db, owners.key(hash), { usd: spend, now: rules.now });
  if (budgetColumns.some((column) => columns[column] !== undefined)) {
    await followBudgets(db, [owners.key(hash)], rules);
  }
  const field = limitOfKey(wanted);
  if (field !== undefined) await requireHeld(db, who, { hash, field });
  return (await readKey(db, hash)) as VirtualKeyRow;
}

/** Changes what was sent of a key and nothing else; its row as it is then, and what it was called. */
export async function changeKey(
  deps: ManagementDeps,
  wanted: UpdateRequest & JsonObject,
  { who, by }: Changer,
) {
  refuseUnchangeable(wanted, deps);
  const hash = namedKey(wanted.key, 'key');
  const after = await change(deps, by, async (db, changed) => {
    await lockBudgetOfKey(db, hash, wanted);
    const { row, rights } = await reach(db, who, hash, 'adjust');
    const columns = columnsOf(wanted, row, deps.clock());
    requireMayChange(who, rights, { row, wanted, columns });
    await requireConsistent(deps, db, columns, row);
    const linked = row.budget_id;
    const written = await write(deps, db, changed, { hash, wanted, columns, linked, who, by });
    changed.add(hash).updated(keyAt(hash), row, written);
    return written;
  });
  const { token: _hash, ...columns } = after;
  return { ...columns, key: wanted.key };
}

/** `/key/update` */
export function update(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  return changeKey(deps, readUpdate(request.body), { who: identity, by: changedBy(request, identity) });
}

function askedKey(request: GatewayRequest, body: { readonly key?: string | null }): string {
  const { key = body.key } = request.params as { readonly key?: string };
  if (key) return key;
  throw new InvalidRequest([
    { loc: ['body', 'key'], msg: "must have required property 'key'", type: 'required' },
  ]);
}

/**
 * `/key/regenerate`: the same row under a new secret, with the changes that were sent. The caller is shown that secret, so the
 * key may do no more then than one that it makes.
 */
export async function regenerate(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const wanted = readRegenerate(request.body);
  refuseUnchangeable(wanted, deps);
  if (wanted.new_master_key) {
    throw badRequest('new_master_key', 'The master key is changed on the machine: `litellm-ctl credentials`');
  }
  const from = namedKey(askedKey(request, wanted), 'key');
  const key = chosenKey(wanted.new_key, 'new_key');
  const to = hashKey(key);
  const now = deps.clock();
  const { grace_period = deps.keyRules.gracePeriod } = wanted;
  const graceUntil = endOf(grace_period, now);
  const by = changedBy(request, identity);
  const after = await change(deps, by, async (db, changed) => {
    await lockBudgetOfKey(db, from, wanted);
    const { row, rights } = await reach(db, identity, from, 'hold');
    const columns = columnsOf(wanted, row, now);
    requireMayChange(identity, rights, { row, wanted, columns });
    const { models, allowed_routes, permissions } = { ...row, ...columns };
    requireNoWider(identity, { models, allowed_routes, permissions });
    if (from !== identity.keyHash) {
      const { user_id: userId, team_id: teamId, organization_id: organizationId } = row;
      await requireMayBeNobodys(db, identity, { userId, teamId, organizationId });
    }
    await requireConsistent(deps, db, columns, row);
    const rotation = { from, to, keyName: shownName(key, deps.keyRules), graceUntil };
    if (!(await rotateKey(db, rotation, by))) {
      throw badRequest('new_key', 'This key exists already; choose another one');
    }
    const linked = row.budget_id;
    const written = await write(deps, db, changed, { hash: to, wanted, columns, linked, who: identity, by });
    if (from !== identity.keyHash) await requireHeld(db, identity, { hash: to, field: 'key' });
    changed.add(from).add(to).updated(keyAt(from), row, written, 'rotated');
    return written;
  });
  const [linked] = await withBudgets(deps.db, [after]);
  return generatedKey(key, after, linked?.litellm_budget_table ?? null);
}
