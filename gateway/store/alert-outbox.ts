import type { Outbox, Outcome, TakenAlert, Taking } from '../observe/alerts/outbox.ts';
import { type Connection, rows } from './connection.ts';

/** Something to be told. */
export interface NewAlert {
  readonly event: string;
  readonly scope: string;
  /** JSON, as it is sent. */
  readonly body: string;
}

const timestamp = (ms: number): string => new Date(ms).toISOString();

/** Puts alerts into the outbox, inside the caller's transaction; they are due at once. `now`: epoch milliseconds. */
export async function insertAlerts(db: Connection, alerts: readonly NewAlert[], now: number): Promise<void> {
  if (alerts.length === 0) return;
  await rows(db, {
    text: `
      INSERT INTO alert_outbox (event, scope, body, created_at, due_at)
      SELECT event, scope, body, $4, $4 FROM unnest($1::text[], $2::text[], $3::text[]) AS new (event, scope, body)`,
    values: [
      alerts.map(({ event }) => event),
      alerts.map(({ scope }) => scope),
      alerts.map(({ body }) => body),
      timestamp(now),
    ],
  });
}

async function take(db: Connection, { now, heldUntil, most }: Taking): Promise<readonly TakenAlert[]> {
  const taken = await rows<Omit<TakenAlert, 'createdAt'> & { created_at: Date }>(db, {
    name: 'take_alerts',
    text: `
      UPDATE alert_outbox o SET due_at = $2, attempts = attempts + 1
      FROM (
        SELECT id FROM alert_outbox WHERE state = 'waiting' AND due_at <= $1
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
      ) due
      WHERE o.id = due.id
      RETURNING o.id, o.event, o.body, o.created_at, o.attempts`,
    values: [timestamp(now), timestamp(heldUntil), most],
  });
  return taken.map(({ created_at, ...alert }) => ({ ...alert, createdAt: created_at.getTime() }));
}

/** One that was settled meanwhile, by somebody who took it after this process had kept it too long, is left alone. */
async function settle(db: Connection, id: string, outcome: Outcome): Promise<void> {
  await rows(db, {
    text: `
      UPDATE alert_outbox SET state = $2, last_error = coalesce($3, last_error),
        due_at = CASE $2 WHEN 'waiting' THEN $4 ELSE due_at END, ended_at = CASE $2 WHEN 'waiting' THEN NULL ELSE $4::timestamp END
      WHERE id = $1 AND state = 'waiting'`,
    values: [id, outcome.state, outcome.state === 'delivered' ? null : outcome.error, timestamp(outcome.at)],
  });
}

async function forget(db: Connection, beforeMs: number): Promise<void> {
  await rows(db, { text: 'DELETE FROM alert_outbox WHERE ended_at < $1', values: [timestamp(beforeMs)] });
}

/** The outbox in PostgreSQL. What is taken holds no transaction open. */
export function alertOutbox(db: Connection): Outbox {
  return {
    take: (taking) => take(db, taking),
    settle: (id, outcome) => settle(db, id, outcome),
    forget: (beforeMs) => forget(db, beforeMs),
  };
}
