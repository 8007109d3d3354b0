import { type Connection, rows } from './connection.ts';

/** A browser's session; known by the hash of its token, so that a copy of the table opens nothing. */
export interface UiSessionRow {
  readonly token_hash: string;
  readonly user_id: string;
  readonly must_change_password: boolean;
  readonly created_at: Date;
  readonly last_used_at: Date;
}

export interface NewUiSession {
  readonly tokenHash: string;
  readonly userId: string;
  readonly mustChangePassword: boolean;
  readonly now: Date;
}

export async function insertSession(db: Connection, session: NewUiSession): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO ui_sessions (token_hash, user_id, must_change_password, created_at, last_used_at)
      VALUES ($1, $2, $3, $4, $4)`,
    values: [session.tokenHash, session.userId, session.mustChangePassword, session.now.toISOString()],
  });
}

export async function findSession(db: Connection, tokenHash: string): Promise<UiSessionRow | undefined> {
  const [row] = await rows<UiSessionRow>(db, {
    name: 'find_ui_session',
    text: `
      SELECT token_hash, user_id, must_change_password, created_at, last_used_at
      FROM ui_sessions WHERE token_hash = $1`,
    values: [tokenHash],
  });
  return row;
}

export async function touchSession(db: Connection, tokenHash: string, now: Date): Promise<void> {
  await rows(db, {
    text: 'UPDATE ui_sessions SET last_used_at = $2 WHERE token_hash = $1',
    values: [tokenHash, now.toISOString()],
  });
}

export async function deleteSession(db: Connection, tokenHash: string): Promise<void> {
  await rows(db, { text: 'DELETE FROM ui_sessions WHERE token_hash = $1', values: [tokenHash] });
}

export async function deleteSessionsOfUser(db: Connection, userId: string): Promise<void> {
  await rows(db, { text: 'DELETE FROM ui_sessions WHERE user_id = $1', values: [userId] });
}

/** Deletes the sessions that may only replace the initial password. */
export async function deletePendingSessions(db: Connection, userId: string): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM ui_sessions WHERE user_id = $1 AND must_change_password',
    values: [userId],
  });
}

/** Deletes sessions that were opened before this time; the table stays as small as its use. */
export async function deleteSessionsOlderThan(db: Connection, time: Date): Promise<void> {
  await rows(db, { text: 'DELETE FROM ui_sessions WHERE created_at < $1', values: [time.toISOString()] });
}
