import type { Pool } from 'pg';
import { announceBudgets } from './budget-announcements.ts';
import { type Connection, rows, transaction } from './connection.ts';

/** Says that a process lives, and until when that is to be believed. */
export async function heartbeat(db: Connection, processId: string, expiresAt: number): Promise<void> {
  await rows(db, {
    name: 'budget_heartbeat',
    text: `
      INSERT INTO budget_processes (process_id, expires_at) VALUES ($1, $2)
      ON CONFLICT (process_id) DO UPDATE SET expires_at = excluded.expires_at`,
    values: [processId, new Date(expiresAt).toISOString()],
  });
}

/**
 * Says that all calls of dead processes are in spend rows. What they had leased is freed by the next sweep after their
 * time is over: neither alone proves that nothing of it will be spent. Doing it twice does no harm.
 */
export async function adoptProcesses(db: Connection, processIds: readonly string[]): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO budget_processes (process_id, expires_at, adopted)
      SELECT process_id, 'epoch', true FROM unnest($1::uuid[]) AS process_id
      ON CONFLICT (process_id) DO UPDATE SET adopted = true`,
    values: [processIds],
  });
}

/** Frees what adopted processes held whose time is over. Two that sweep at once do it once. */
export async function freeDead(pool: Pool, now: number): Promise<void> {
  const [any] = await rows(pool, {
    name: 'dead_budget_processes',
    text: 'SELECT 1 FROM budget_processes WHERE adopted AND expires_at <= $1 LIMIT 1',
    values: [new Date(now).toISOString()],
  });
  if (any === undefined) return;
  await transaction(pool, async (db) => {
    const dead = await rows<{ process_id: string }>(db, {
      text: `
        SELECT process_id FROM budget_processes WHERE adopted AND expires_at <= $1
        ORDER BY process_id FOR UPDATE SKIP LOCKED`,
      values: [new Date(now).toISOString()],
    });
    const processIds = dead.map(({ process_id }) => process_id);
    const held = await rows<{ scope: string }>(db, {
      text: `
        SELECT scope FROM budget_state
        WHERE scope IN (SELECT scope FROM budget_leases WHERE process_id = ANY ($1)) ORDER BY scope FOR UPDATE`,
      values: [processIds],
    });
    await rows(db, {
      text: `
        WITH gone AS (
          DELETE FROM budget_leases WHERE process_id = ANY ($1) RETURNING scope, granted_pico - stored_pico AS rest
        )
        UPDATE budget_state s SET leased_pico = s.leased_pico - freed.rest
        FROM (SELECT scope, sum(rest) AS rest FROM gone GROUP BY scope) freed WHERE s.scope = freed.scope`,
      values: [processIds],
    });
    await rows(db, {
      text: 'DELETE FROM budget_processes WHERE process_id = ANY ($1)',
      values: [processIds],
    });
    await announceBudgets(db, { wanted: [], freed: held.map(({ scope }) => scope) });
  });
}

/** Forgets a process that holds nothing any more; one that does is left for who adopts it. */
export async function leaveBudgets(db: Connection, processId: string): Promise<void> {
  await rows(db, {
    text: `
      DELETE FROM budget_processes
      WHERE process_id = $1 AND NOT EXISTS (SELECT 1 FROM budget_leases WHERE process_id = $1)`,
    values: [processId],
  });
}
