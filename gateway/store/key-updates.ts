import type { ChangedBy } from './changed-by.ts';
import { type Connection, rows } from './connection.ts';
import { columnsFromJson } from './json-columns.ts';
import { moveKeyBudget } from './owner-budgets.ts';
import { keepDeleted, type VirtualKeyRow } from './virtual-keys.ts';

const settable = [
  'key_alias',
  'expires',
  'models',
  'aliases',
  'user_id',
  'team_id',
  'organization_id',
  'metadata',
  'blocked',
  'spend',
  'max_budget',
  'budget_duration',
  'budget_reset_at',
  'budget_limits',
  'model_max_budget',
  'budget_id',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
  'allowed_routes',
  'permissions',
] as const;

export type KeyColumns = Partial<Pick<VirtualKeyRow, (typeof settable)[number]>>;

/** Reads a key and holds it until the transaction ends. */
export async function lockKey(db: Connection, hash: string): Promise<VirtualKeyRow | undefined> {
  const [row] = await rows<VirtualKeyRow>(db, {
    text: 'SELECT * FROM "LiteLLM_VerificationToken" WHERE token = $1 FOR UPDATE',
    values: [hash],
  });
  return row;
}

/** Changes the columns that are named; undefined when there is no such key. */
export async function updateKey(
  db: Connection,
  hash: string,
  changes: KeyColumns,
  by: ChangedBy,
): Promise<VirtualKeyRow | undefined> {
  const [row] = await rows<VirtualKeyRow>(db, {
    text: `
      UPDATE "LiteLLM_VerificationToken" t
      SET updated_by = $3, updated_at = now() AT TIME ZONE 'UTC', ${columnsFromJson(settable, '$2')}
      WHERE token = $1
      RETURNING *`,
    values: [hash, JSON.stringify(changes), by.userId],
  });
  return row;
}

/** A key's new secret, and until when the old one may still be used (null: not any more). */
export interface KeyRotation {
  readonly from: string;
  readonly to: string;
  readonly keyName: string | null;
  readonly graceUntil: Date | null;
}

/**
 * Makes the old hash, and those that stand for it already, stand for the new one: until the grace period ends they may be
 * used, and afterwards the costs of calls that they have begun still find their key. Without a grace period earlier ones end
 * too: a key that has leaked is rotated at once.
 */
async function keepOld(db: Connection, { from, to, graceUntil }: KeyRotation): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM "LiteLLM_DeprecatedVerificationToken" WHERE token = $1',
    values: [to],
  });
  await rows(db, {
    text: `
      UPDATE "LiteLLM_DeprecatedVerificationToken"
      SET active_token_id = $2, revoke_at = CASE WHEN $3 THEN revoke_at ELSE 'epoch' END
      WHERE active_token_id = $1`,
    values: [from, to, graceUntil !== null],
  });
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_DeprecatedVerificationToken" (token, active_token_id, revoke_at) VALUES ($1, $2, $3)
      ON CONFLICT (token) DO UPDATE SET active_token_id = excluded.active_token_id, revoke_at = excluded.revoke_at`,
    values: [from, to, (graceUntil ?? new Date(0)).toISOString()],
  });
}

/**
 * Gives a key a new hash: the row stays, with its budget, and a copy under the old hash goes to the deleted keys. False when
 * the new key is taken, or was another key once.
 */
export async function rotateKey(db: Connection, rotation: KeyRotation, by: ChangedBy): Promise<boolean> {
  const { from, to, keyName } = rotation;
  const taken = await rows(db, {
    text: `
      SELECT 1 FROM "LiteLLM_VerificationToken" WHERE token = $1
      UNION ALL SELECT 1 FROM "LiteLLM_DeprecatedVerificationToken" WHERE token = $1 AND active_token_id <> $2`,
    values: [to, from],
  });
  if (taken.length > 0) return false;
  await keepDeleted(db, [from], by);
  await rows(db, {
    text: `
      UPDATE "LiteLLM_VerificationToken"
      SET token = $2, key_name = $3, rotation_count = coalesce(rotation_count, 0) + 1,
          last_rotation_at = now() AT TIME ZONE 'UTC'
      WHERE token = $1`,
    values: [from, to, keyName],
  });
  await moveKeyBudget(db, rotation);
  await keepOld(db, rotation);
  return true;
}
