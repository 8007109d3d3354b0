import type { Pool } from 'pg';
import { type Owner, owners } from '../identity/owners.ts';
import { namesOf } from './accounts.ts';
import { announceBudgets } from './budget-announcements.ts';
import { type Connection, rows } from './connection.ts';
import { lockOwners, type OwnerRow, ownerTables, showSpent } from './owner-rows.ts';

/** Kinds of owners whose spend a reset sets to nothing, in the order in which their rows are locked. */
export const resetKinds = ['team', 'key'] as const;

export type ResetKind = (typeof resetKinds)[number];

/** The ids behind `after`, in their order, of those who have spent something. */
export async function spendersAfter(
  pool: Pool,
  kind: ResetKind,
  after: string,
  limit: number,
): Promise<readonly string[]> {
  const { table, key } = ownerTables[kind];
  const [id] = key;
  const found = await rows<{ id: string }>(pool, {
    text: `SELECT ${id} AS id FROM ${table} WHERE spend <> 0 AND ${id} > $1 ORDER BY ${id} LIMIT $2`,
    values: [after, limit],
  });
  return found.map(({ id: each }) => each);
}

/**
 * Sets what these have spent to nothing, inside the caller's transaction: in the accounts that are exact, and in LiteLLM's
 * columns. What calls have leased that are under way stays leased and is spent afterwards. Returns them as they were.
 */
export async function clearSpent(
  db: Connection,
  kind: ResetKind,
  ids: readonly string[],
): Promise<readonly OwnerRow[]> {
  const locked = await lockOwners(db, ids.map(owners[kind]));
  const some: readonly Owner[] = locked.map(({ owner }) => owner);
  const { scopes, tokens } = namesOf(some);
  await rows(db, {
    text: 'SELECT scope FROM budget_state WHERE scope = ANY ($1) OR token = ANY ($2) ORDER BY scope FOR UPDATE',
    values: [scopes, tokens],
  });
  const cleared = await rows<{ scope: string }>(db, {
    text: `
      UPDATE budget_state SET spent_pico = 0, spent_next_pico = 0, alert_level = 0, soft_quiet_until = NULL,
        updated_at = now() AT TIME ZONE 'UTC'
      WHERE scope = ANY ($1) OR token = ANY ($2) RETURNING scope`,
    values: [scopes, tokens],
  });
  await showSpent(
    db,
    some.map((owner) => ({ owner, spent: '0', added: '0' })),
  );
  const freed = cleared.map(({ scope }) => scope);
  await announceBudgets(db, { wanted: freed, freed });
  return locked;
}
