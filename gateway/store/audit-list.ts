import type { AuditValues } from '../observe/audit-chain.ts';
import { type Connection, rows } from './connection.ts';

/** A row of "LiteLLM_AuditLog" as the API shows it. Rows that LiteLLM has written have neither number nor hash. */
export interface ShownAuditRow extends AuditValues {
  readonly id: string;
  readonly updated_at: Date;
  readonly litellm_seq: number | null;
  readonly litellm_hash: string | null;
}

const SHOWN = `id, updated_at, changed_by, changed_by_api_key, action, table_name, object_id, before_value, updated_values,
  litellm_seq, litellm_hash`;

export const sortableAuditColumns = [
  'updated_at',
  'changed_by',
  'action',
  'table_name',
  'object_id',
] as const;

/** Null where nothing is asked for. */
export interface AuditQuery {
  readonly changedBy: string | null;
  readonly changedByApiKey: string | null;
  readonly action: string | null;
  readonly tableName: string | null;
  readonly objectId: string | null;
  /** Changes of a team, and of what belonged to it. */
  readonly teamId: string | null;
  /** Changes of a key, under its hash or those that it had. */
  readonly keyHash: string | null;
  readonly from: Date | null;
  readonly before: Date | null;
  readonly sortBy: (typeof sortableAuditColumns)[number];
  readonly sortOrder: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

const CONDITION = `
  ($1::text IS NULL OR changed_by = $1) AND ($2::text IS NULL OR changed_by_api_key = $2)
  AND ($3::text IS NULL OR action = $3) AND ($4::text IS NULL OR table_name = $4)
  AND ($5::text IS NULL OR object_id = $5)
  AND ($6::text IS NULL OR (table_name = 'LiteLLM_TeamTable' AND object_id = $6)
    OR before_value ->> 'team_id' = $6 OR updated_values ->> 'team_id' = $6)
  AND ($7::text IS NULL OR (table_name = 'LiteLLM_VerificationToken' AND object_id = $7)
    OR before_value ->> 'token' = $7 OR updated_values ->> 'token' = $7)
  AND ($8::timestamp IS NULL OR updated_at >= $8) AND ($9::timestamp IS NULL OR updated_at < $9)`;

/** One page of the audit log, and how many rows there are in all. */
export async function listAudit(
  db: Connection,
  query: AuditQuery,
): Promise<{ readonly rows: readonly ShownAuditRow[]; readonly total: number }> {
  const values = [
    query.changedBy,
    query.changedByApiKey,
    query.action,
    query.tableName,
    query.objectId,
    query.teamId,
    query.keyHash,
    query.from?.toISOString() ?? null,
    query.before?.toISOString() ?? null,
  ];
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM "LiteLLM_AuditLog" WHERE ${CONDITION}`,
    values,
  });
  const direction = query.sortOrder === 'asc' ? 'ASC' : 'DESC';
  const found = await rows<ShownAuditRow>(db, {
    text: `
      SELECT ${SHOWN} FROM "LiteLLM_AuditLog" WHERE ${CONDITION}
      ORDER BY ${query.sortBy} ${direction}, litellm_seq ${direction}, id
      LIMIT $10 OFFSET $11`,
    values: [...values, query.limit, query.offset],
  });
  return { rows: found, total: counted?.total ?? 0 };
}

export async function readAudit(db: Connection, id: string): Promise<ShownAuditRow | undefined> {
  const [row] = await rows<ShownAuditRow>(db, {
    text: `SELECT ${SHOWN} FROM "LiteLLM_AuditLog" WHERE id = $1`,
    values: [id],
  });
  return row;
}
