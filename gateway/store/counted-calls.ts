import type { SpendRecord } from '../accounting/spend.ts';
import { type Connection, rows } from './connection.ts';

const idsOf = (calls: readonly SpendRecord[]): readonly string[] => calls.map(({ rowId }) => rowId);

/** Those of these calls that are counted although they have no row, by their ids. */
export async function countedCalls(
  db: Connection,
  calls: readonly SpendRecord[],
): Promise<ReadonlySet<string>> {
  const found = await rows<{ litellm_row_id: string }>(db, {
    name: 'counted_calls',
    text: 'SELECT litellm_row_id FROM counted_calls WHERE litellm_row_id = ANY ($1)',
    values: [idsOf(calls)],
  });
  return new Set(found.map(({ litellm_row_id }) => litellm_row_id));
}

/** Says that calls without a row are counted, in the transaction that counts them. Throws when one of them was before. */
export async function markCounted(db: Connection, calls: readonly SpendRecord[]): Promise<void> {
  if (calls.length === 0) return;
  await rows(db, {
    name: 'mark_counted',
    text: 'INSERT INTO counted_calls SELECT unnest($1::uuid[]) ORDER BY 1',
    values: [idsOf(calls)],
  });
}

/** The least UUID of version 7 that was made at an instant, in epoch milliseconds, or later. */
export function leastIdOf(timeMs: number): string {
  const digits = Math.max(0, Math.floor(timeMs)).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}

/** Forgets the ids of calls that began before an instant, in epoch milliseconds. */
export async function forgetCounted(db: Connection, beforeMs: number): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM counted_calls WHERE litellm_row_id < $1',
    values: [leastIdOf(beforeMs)],
  });
}
