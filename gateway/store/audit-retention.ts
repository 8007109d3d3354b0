import type { AuditHead } from '../observe/audit-chain.ts';
import { type Connection, inTransaction, rows } from './connection.ts';

/** The chained row before the first that began at an instant or later; undefined where there is none to delete. */
async function lastBefore(db: Connection, timeMs: number): Promise<AuditHead | undefined> {
  const [row] = await rows<AuditHead>(db, {
    text: `
      SELECT litellm_seq AS seq, litellm_hash AS hash FROM "LiteLLM_AuditLog"
      WHERE litellm_seq < coalesce(
        (SELECT min(litellm_seq) FROM "LiteLLM_AuditLog" WHERE updated_at >= $1),
        (SELECT seq + 1 FROM audit_head))
      ORDER BY litellm_seq DESC LIMIT 1`,
    values: [new Date(timeMs).toISOString()],
  });
  return row;
}

/**
 * Deletes the rows of the audit log that were written before an instant, in epoch milliseconds, those of LiteLLM too; how many.
 * Where the chain begins then stands in `audit_head`, which the gateway's role cannot change there.
 */
export async function deleteOldAudit(db: Connection, timeMs: number): Promise<number> {
  return inTransaction(db, async () => {
    const last = await lastBefore(db, timeMs);
    if (last !== undefined) {
      await rows(db, {
        text: 'UPDATE audit_head SET first_seq = $1, first_hash = $2',
        values: [last.seq, last.hash],
      });
    }
    const { rowCount } = await db.query({
      text: `
        DELETE FROM "LiteLLM_AuditLog" WHERE litellm_seq <= $1 OR (litellm_seq IS NULL AND updated_at < $2)`,
      values: [last?.seq ?? 0, new Date(timeMs).toISOString()],
    });
    return rowCount ?? 0;
  });
}

/** The row behind which the chain begins; NO_ROWS unless retention has deleted the first ones. */
export async function readAuditBeginning(db: Connection): Promise<AuditHead> {
  const [row] = await rows<AuditHead>(db, {
    text: 'SELECT first_seq AS seq, first_hash AS hash FROM audit_head',
  });
  return row ?? { seq: 0, hash: '' };
}
