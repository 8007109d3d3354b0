import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { type AuditHead, type AuditRow, chained, NO_ROWS } from '../observe/audit-chain.ts';
import type { AuditEntry } from '../observe/audit-entry.ts';
import type { Logger } from '../observe/logger.ts';
import type { ChangedBy } from './changed-by.ts';
import { type Connection, rows, transaction } from './connection.ts';

/** Whether changes are recorded, and where each new head of the chain is told: a second place that has it. */
export interface Audit {
  readonly enabled: boolean;
  readonly logger: Pick<Logger, 'info'>;
}

const COLUMNS = `id, updated_at, changed_by, changed_by_api_key, action, table_name, object_id, before_value, updated_values,
  litellm_seq, litellm_salts, litellm_digests, litellm_previous, litellm_hash`;

/** Appends to the chain. Holds its end until the transaction is over, so it is the last thing that a transaction does. */
export async function appendAudit(
  db: Connection,
  by: ChangedBy,
  entries: readonly AuditEntry[],
): Promise<AuditHead> {
  const [end] = await rows<AuditHead & { now: Date }>(db, {
    text: `SELECT seq, hash, clock_timestamp() AT TIME ZONE 'UTC' AS now FROM audit_head FOR UPDATE`,
  });
  let head: AuditHead = end ?? NO_ROWS;
  const added: AuditRow[] = [];
  for (const { action, table, objectId, before, after } of entries) {
    const row = chained(head, {
      id: randomUUID(),
      updated_at: end?.now ?? new Date(0),
      changed_by: by.person ?? by.userId,
      changed_by_api_key: by.keyHash,
      action,
      table_name: table,
      object_id: objectId,
      before_value: before,
      updated_values: after,
    });
    added.push(row);
    head = { seq: row.litellm_seq, hash: row.litellm_hash };
  }
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_AuditLog" (${COLUMNS})
      SELECT ${COLUMNS} FROM jsonb_populate_recordset(NULL::"LiteLLM_AuditLog", $1)`,
    values: [JSON.stringify(added)],
  });
  await rows(db, { text: 'UPDATE audit_head SET seq = $1, hash = $2', values: [head.seq, head.hash] });
  return head;
}

/**
 * Runs a change in one transaction with the rows of the audit log that say so: there are both, or neither. `work` hands over
 * each entry.
 */
export async function auditedTransaction<T>(
  { db, audit }: { readonly db: Pool; readonly audit: Audit },
  by: ChangedBy,
  work: (db: PoolClient, record: (entry: AuditEntry) => void) => Promise<T>,
): Promise<T> {
  let head: AuditHead | null = null;
  const result = await transaction(db, async (client) => {
    const entries: AuditEntry[] = [];
    const done = await work(client, (entry) => entries.push(entry));
    if (audit.enabled && entries.length > 0) head = await appendAudit(client, by, entries);
    return done;
  });
  if (head !== null) audit.logger.info({ audit: head }, 'the audit log has a new head');
  return result;
}

/** Where the chain ends. */
export async function readAuditHead(db: Connection): Promise<AuditHead> {
  const [head] = await rows<AuditHead>(db, { text: 'SELECT seq, hash FROM audit_head' });
  return head ?? NO_ROWS;
}

/** The next chained rows behind a number, in their order. */
export async function auditRowsAfter(
  db: Connection,
  seq: number,
  limit: number,
): Promise<readonly AuditRow[]> {
  return rows<AuditRow>(db, {
    text: `SELECT ${COLUMNS} FROM "LiteLLM_AuditLog" WHERE litellm_seq > $1 ORDER BY litellm_seq LIMIT $2`,
    values: [seq, limit],
  });
}
