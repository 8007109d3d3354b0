import { hash, randomBytes } from 'node:crypto';
import type { Connection } from '../store/connection.ts';
import {
  deleteSession,
  deleteSessionsOlderThan,
  findSession,
  insertSession,
  touchSession,
  type UiSessionRow,
} from '../store/ui-sessions.ts';

const MINUTE = 60 * 1000;
const HOUR = 60 * MINUTE;
/** A session ends this long after sign-in, whatever happens. */
const LIFETIME_MS = 24 * HOUR;
const IDLE_MS = 2 * HOUR;
/** A session that may only replace the initial password has no reason to stay. */
const PENDING_MS = 15 * MINUTE;
/** Use is written down this often at most. */
const TOUCH_MS = MINUTE;

/** An open session of the admin UI. */
export interface UiSession {
  /** Secret; only its hash is stored. */
  readonly token: string;
  readonly userId: string;
  readonly mustChangePassword: boolean;
}

function isOver(row: UiSessionRow, now: number): boolean {
  const lifetime = row.must_change_password ? PENDING_MS : LIFETIME_MS;
  return now >= row.created_at.getTime() + lifetime || now >= row.last_used_at.getTime() + IDLE_MS;
}

/** The sessions of the admin UI, kept in the database: they outlive a restart and end everywhere at once. */
export class UiSessions {
  readonly #db: Connection;
  readonly #clock: () => number;

  constructor(db: Connection, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
  }

  async open(userId: string, mustChangePassword: boolean): Promise<UiSession> {
    const now = this.#clock();
    const token = randomBytes(32).toString('base64url');
    await deleteSessionsOlderThan(this.#db, new Date(now - LIFETIME_MS));
    await insertSession(this.#db, {
      tokenHash: hash('sha256', token),
      userId,
      mustChangePassword,
      now: new Date(now),
    });
    return { token, userId, mustChangePassword };
  }

  /** The session of this token; null when there is none, or its time is over. */
  async find(token: string): Promise<UiSession | null> {
    const now = this.#clock();
    const row = await findSession(this.#db, hash('sha256', token));
    if (row === undefined || isOver(row, now)) return null;
    if (now - row.last_used_at.getTime() >= TOUCH_MS) {
      await touchSession(this.#db, row.token_hash, new Date(now));
    }
    return { token, userId: row.user_id, mustChangePassword: row.must_change_password };
  }

  async close(token: string): Promise<void> {
    await deleteSession(this.#db, hash('sha256', token));
  }
}
