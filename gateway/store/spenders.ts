import type { SpendRecord } from '../accounting/spend.ts';
import { MASTER_KEY_ALIAS } from '../identity/identity.ts';
import { isRowName, type Owner, owners, scopeOf } from '../identity/owners.ts';
import { nameOf } from './accounts.ts';
import { type Connection, rows } from './connection.ts';
import { pseudonymsAmong } from './erased-people.ts';
import { lockOwners, type OwnerRow } from './owner-rows.ts';

/** Those whose money calls have spent, their rows locked. */
export interface Spenders {
  /** By `nameOf`. */
  readonly rows: ReadonlyMap<string, OwnerRow>;
  /** The owners of a call whose rows exist. */
  of(call: SpendRecord): readonly Owner[];
}

const globalScope = scopeOf(owners.global);

/** Whom a call's cost is counted for beside its key, whether it was held to their budgets or not. */
function ownersOf({ organizationId, teamId, userId, endUser, caller, charges }: SpendRecord): Owner[] {
  return [
    ...(organizationId === null ? [] : [owners.organization(organizationId)]),
    ...(organizationId === null || userId === null
      ? []
      : [owners.organizationMember(organizationId, userId)]),
    ...(teamId === null ? [] : [owners.team(teamId)]),
    ...(teamId === null || userId === null ? [] : [owners.member(teamId, userId)]),
    ...(userId === null ? [] : [owners.user(userId)]),
    ...(charges.some(({ scope }) => scope === globalScope) ? [owners.global] : []),
    ...(endUser === null || !isRowName(endUser) ? [] : [owners.endUser(endUser)]),
    ...caller.tags.filter(isRowName).map(owners.tag),
  ];
}

/** Customers need not be made: the first call that names one does it. Who was erased is nobody any more. */
async function makeEndUsers(db: Connection, some: Iterable<Owner>): Promise<void> {
  const named = [...new Set([...some].flatMap(({ kind, ids }) => (kind === 'end_user' ? ids : [])))];
  const pseudonyms = await pseudonymsAmong(db, named);
  const names = named.filter((name) => !pseudonyms.has(name));
  if (names.length === 0) return;
  await rows(db, {
    name: 'make_end_users',
    text: `
      INSERT INTO "LiteLLM_EndUserTable" (user_id) SELECT user_id FROM unnest($1::text[]) AS user_id ORDER BY 1
      ON CONFLICT DO NOTHING`,
    values: [names],
  });
}

/** The hash that a key has now, by the hash that it had. */
type CurrentHashes = ReadonlyMap<string, string>;

async function currentHashes(db: Connection, hashes: readonly string[]): Promise<CurrentHashes> {
  const found = await rows<{ hash: string; token: string }>(db, {
    name: 'current_hashes',
    text: `
      SELECT t.hash, coalesce(d.active_token_id, t.hash) AS token FROM unnest($1::text[]) AS t (hash)
      LEFT JOIN "LiteLLM_DeprecatedVerificationToken" d ON d.token = t.hash`,
    values: [hashes],
  });
  return new Map(found.map(({ hash, token }) => [hash, token]));
}

/** Keys that are locked, by the hashes that calls have. */
interface LockedKeys {
  readonly hashes: CurrentHashes;
  readonly rows: readonly OwnerRow[];
}

async function lockKeysOnce(db: Connection, hashes: readonly string[]): Promise<LockedKeys> {
  const current = await currentHashes(db, hashes);
  const locked = await lockOwners(db, [...current.values()].map(owners.key));
  const present = new Set(locked.map(({ owner }) => owner.ids[0]));
  return { hashes: new Map([...current].filter(([, token]) => present.has(token))), rows: locked };
}

/**
 * A key that was rotated while its row was waited for is not found; the next statements see what it has become. What is not
 * found then is a deleted key, or no virtual key.
 */
async function lockKeys(db: Connection, hashes: readonly string[]): Promise<LockedKeys> {
  if (hashes.length === 0) return { hashes: new Map(), rows: [] };
  const first = await lockKeysOnce(db, hashes);
  const missing = hashes.filter((hash) => !first.hashes.has(hash));
  if (missing.length === 0) return first;
  const second = await lockKeysOnce(db, missing);
  return { hashes: new Map([...first.hashes, ...second.hashes]), rows: [...first.rows, ...second.rows] };
}

/** Locks the rows of everybody whom these calls are counted for. */
export async function lockSpenders(db: Connection, calls: readonly SpendRecord[]): Promise<Spenders> {
  const counted = new Map(calls.flatMap(ownersOf).map((owner) => [nameOf(owner), owner]));
  await makeEndUsers(db, counted.values());
  const others = await lockOwners(db, counted.values());
  const hashes = new Set(calls.map(({ apiKey }) => apiKey));
  hashes.delete(MASTER_KEY_ALIAS);
  const keys = await lockKeys(db, [...hashes]);
  const found = new Map([...others, ...keys.rows].map((row) => [nameOf(row.owner), row]));
  return {
    rows: found,
    of(call) {
      const token = keys.hashes.get(call.apiKey);
      const all = token === undefined ? ownersOf(call) : [...ownersOf(call), owners.key(token)];
      return all.filter((owner) => found.has(nameOf(owner)));
    },
  };
}
