import { type Connection, rows } from './connection.ts';

/** Member of the admin row's `metadata` that keeps a hash of the initial password which the admin's own replaced. */
const REPLACED = 'ui_replaced_initial_password';

export interface StoredPassword {
  /** Hash of the user's own password; null while the initial one is in force. */
  readonly password: string | null;
  /** Hash of the initial password that it replaced. */
  readonly replacedInitial: string | null;
}

export async function readPassword(db: Connection, userId: string): Promise<StoredPassword> {
  const [row] = await rows<{ password: string | null; replaced_initial: string | null }>(db, {
    text: 'SELECT password, metadata ->> $2 AS replaced_initial FROM "LiteLLM_UserTable" WHERE user_id = $1',
    values: [userId, REPLACED],
  });
  return { password: row?.password ?? null, replacedInitial: row?.replaced_initial ?? null };
}

/** Stores a user's password; false when the stored one is no longer `previous`, so that of two changes at once one wins. */
export async function replacePassword(
  db: Connection,
  userId: string,
  previous: string | null,
  next: { readonly password: string; readonly replacedInitial: string },
): Promise<boolean> {
  const changed = await rows(db, {
    text: `
      UPDATE "LiteLLM_UserTable"
      SET password = $3, metadata = metadata || jsonb_build_object($4::text, $5::text),
          updated_at = now() AT TIME ZONE 'UTC'
      WHERE user_id = $1 AND password IS NOT DISTINCT FROM $2
      RETURNING user_id`,
    values: [userId, previous, next.password, REPLACED, next.replacedInitial],
  });
  return changed.length === 1;
}

/** Forgets a user's own password: the initial one is in force again. */
export async function forgetPassword(db: Connection, userId: string): Promise<void> {
  await rows(db, {
    text: `
      UPDATE "LiteLLM_UserTable"
      SET password = NULL, metadata = metadata - $2::text, updated_at = now() AT TIME ZONE 'UTC'
      WHERE user_id = $1`,
    values: [userId, REPLACED],
  });
}

/** Makes sure that the built-in admin has its row, also in a database that another program has filled. */
export async function ensureAdmin(db: Connection, userId: string): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_UserTable" (user_id, user_role) VALUES ($1, 'proxy_admin')
      ON CONFLICT (user_id) DO NOTHING`,
    values: [userId],
  });
}
