import { type Connection, rows } from './connection.ts';

export interface AttemptCount {
  readonly attempts: number;
  readonly refusedUntil: Date;
}

/**
 * Counts an attempt in a scope and returns the count before it, with the time until which the scope is refused; the row
 * stays locked until the transaction ends, so attempts at the same time are counted one after the other. Attempts
 * older than `forgetBefore` count no more.
 */
export async function countAttempt(
  db: Connection,
  scope: string,
  now: Date,
  forgetBefore: Date,
): Promise<AttemptCount> {
  const [row] = await rows<{ attempts: number; refused_until: Date }>(db, {
    text: `
      INSERT INTO ui_sign_in_attempts AS a (scope, attempts, last_attempt_at, refused_until)
      VALUES ($1, 1, $2, $2)
      ON CONFLICT (scope) DO UPDATE SET
        attempts = CASE WHEN a.last_attempt_at < $3 THEN 1 ELSE a.attempts + 1 END,
        last_attempt_at = $2
      RETURNING attempts, refused_until`,
    values: [scope, now.toISOString(), forgetBefore.toISOString()],
  });
  return { attempts: row?.attempts ?? 1, refusedUntil: row?.refused_until ?? now };
}

export async function refuseUntil(db: Connection, scope: string, time: Date): Promise<void> {
  await rows(db, {
    text: 'UPDATE ui_sign_in_attempts SET refused_until = $2 WHERE scope = $1',
    values: [scope, time.toISOString()],
  });
}

/** Forgets the scopes of somebody who has signed in, and what is older than `forgetBefore`. */
export async function forgetAttempts(
  db: Connection,
  scopes: readonly string[],
  forgetBefore: Date,
): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM ui_sign_in_attempts WHERE scope = ANY ($1) OR last_attempt_at < $2',
    values: [scopes, forgetBefore.toISOString()],
  });
}
