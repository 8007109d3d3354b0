import { hash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { type Audit, auditedTransaction } from '../store/audit-log.ts';
import { byUser } from '../store/changed-by.ts';
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

export interface UiSessionDeps {
  readonly db: Pool;
  readonly audit: Audit;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

function isOver(row: UiSessionRow, now: number): boolean {
  const lifetime = row.must_change_password ? PENDING_MS : LIFETIME_MS;
  return now >= row.created_at.getTime() + lifetime || now >= row.last_used_at.getTime() + IDLE_MS;
}

/** The sessions of the admin UI, kept in the database: they outlive a restart and end everywhere at once. */
export class UiSessions {
  readonly #deps: UiSessionDeps;

  constructor(deps: UiSessionDeps) {
    this.#deps = deps;
  }

  /** A new session of somebody who has signed in from this address. */
  async open(userId: string, mustChangePassword: boolean, address: string): Promise<UiSession> {
    const now = this.#deps.clock();
    const token = randomBytes(32).toString('base64url');
    await auditedTransaction(this.#deps, byUser(userId), async (db, record) => {
      await deleteSessionsOlderThan(db, new Date(now - LIFETIME_MS));
      await insertSession(db, {
        tokenHash: hash('sha256', token),
        userId,
        mustChangePassword,
        now: new Date(now),
      });
      record({
        action: 'created',
        table: 'ui_sessions',
        objectId: userId,
        before: null,
        after: { requester_ip_address: address, must_change_password: mustChangePassword },
      });
    });
    return { token, userId, mustChangePassword };
  }

  /** The session of this token; null when there is none, or its time is over. */
  async find(token: string): Promise<UiSession | null> {
    const { db, clock } = this.#deps;
    const now = clock();
    const row = await findSession(db, hash('sha256', token));
    if (row === undefined || isOver(row, now)) return null;
    if (now - row.last_used_at.getTime() >= TOUCH_MS) {
      await touchSession(db, row.token_hash, new Date(now));
    }
    return { token, userId: row.user_id, mustChangePassword: row.must_change_password };
  }

  async close(token: string): Promise<void> {
    const session = await findSession(this.#deps.db, hash('sha256', token));
    if (session === undefined) return;
    const { user_id: userId, token_hash } = session;
    await auditedTransaction(this.#deps, byUser(userId), async (db, record) => {
      await deleteSession(db, token_hash);
      record({
        action: 'deleted',
        table: 'ui_sessions',
        objectId: userId,
        before: { must_change_password: session.must_change_password },
        after: null,
      });
    });
  }
}
