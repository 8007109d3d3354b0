import type { Pool } from 'pg';
import type { AuditHead } from '../observe/audit-chain.ts';
import { ChainCheck, type ChainExpectation, type ChainReport } from '../observe/audit-check.ts';
import { auditRowsAfter, readAuditHead } from './audit-log.ts';
import { readAuditBeginning } from './audit-retention.ts';
import { rows, transaction } from './connection.ts';

const BATCH = 1000;

/** What a check has found, and how many rows are not chained, as those that LiteLLM has written. */
export type AuditReport = ChainReport & {
  readonly unchained: number;
  /** The row behind which the chain was looked at. */
  readonly beginning: AuditHead;
};

/** Checks the chain of a database, as it is at one instant. */
export function verifyAudit(db: Pool, expected: ChainExpectation = {}): Promise<AuditReport> {
  return transaction(db, async (client) => {
    await rows(client, { text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' });
    const head = await readAuditHead(client);
    const [counted] = await rows<{ unchained: number }>(client, {
      text: 'SELECT count(*) AS unchained FROM "LiteLLM_AuditLog" WHERE litellm_seq IS NULL',
    });
    const beginning = expected.beginning ?? (await readAuditBeginning(client));
    const check = new ChainCheck({ ...expected, beginning });
    let last = beginning.seq;
    for (;;) {
      const batch = await auditRowsAfter(client, last, BATCH);
      if (!batch.every((row) => check.add(row)) || batch.length < BATCH) break;
      last = batch.at(-1)?.litellm_seq ?? last;
    }
    return { ...check.end(head), unchained: counted?.unchained ?? 0, beginning };
  });
}
