import { randomUUID } from 'node:crypto';
import { type Connection, rows } from './connection.ts';
import { unwrapped } from './json-columns.ts';
import type { SealedMembers } from './models-table.ts';

/** A row of "LiteLLM_CredentialsTable": what models may refer to by its name. */
export interface CredentialRow {
  readonly credential_id: string;
  readonly credential_name: string;
  readonly credential_values: SealedMembers;
  readonly credential_info: Readonly<Record<string, unknown>> | null;
  /** Names the salt key of `credential_values`; null of one that LiteLLM has written. */
  readonly litellm_values_key_id: string | null;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
}

export type CredentialColumns = Pick<
  CredentialRow,
  'credential_values' | 'credential_info' | 'litellm_values_key_id'
>;

const COLUMNS = `credential_id, credential_name, ${unwrapped('credential_values')}, ${unwrapped('credential_info')},
  litellm_values_key_id, created_at, created_by, updated_at, updated_by`;

export async function listCredentials(db: Connection): Promise<readonly CredentialRow[]> {
  return rows<CredentialRow>(db, {
    text: `SELECT ${COLUMNS} FROM "LiteLLM_CredentialsTable" ORDER BY credential_name`,
  });
}

/** Reads a credential and holds it until the transaction ends; undefined when there is none. */
export async function lockCredential(db: Connection, name: string): Promise<CredentialRow | undefined> {
  const [row] = await rows<CredentialRow>(db, {
    text: `SELECT ${COLUMNS} FROM "LiteLLM_CredentialsTable" WHERE credential_name = $1 FOR UPDATE`,
    values: [name],
  });
  return row;
}

const values = (name: string, columns: CredentialColumns, by: string): unknown[] => [
  name,
  JSON.stringify(columns.credential_values),
  columns.credential_info === null ? null : JSON.stringify(columns.credential_info),
  columns.litellm_values_key_id,
  by,
];

/** Stores a credential; undefined when that name is taken. */
export async function insertCredential(
  db: Connection,
  name: string,
  columns: CredentialColumns,
  by: string,
): Promise<CredentialRow | undefined> {
  const [row] = await rows<CredentialRow>(db, {
    text: `
      INSERT INTO "LiteLLM_CredentialsTable" (credential_name, credential_values, credential_info,
        litellm_values_key_id, created_by, updated_by, credential_id)
      VALUES ($1, $2, $3, $4, $5, $5, $6)
      ON CONFLICT DO NOTHING
      RETURNING *`,
    values: [...values(name, columns, by), randomUUID()],
  });
  return row;
}

/** Gives a credential that is there other columns. */
export async function updateCredential(
  db: Connection,
  name: string,
  columns: CredentialColumns,
  by: string,
): Promise<CredentialRow> {
  const [row] = await rows<CredentialRow>(db, {
    text: `
      UPDATE "LiteLLM_CredentialsTable"
      SET credential_values = $2, credential_info = $3, litellm_values_key_id = $4, updated_by = $5,
        updated_at = now() AT TIME ZONE 'UTC'
      WHERE credential_name = $1
      RETURNING *`,
    values: values(name, columns, by),
  });
  return row as CredentialRow;
}

/** Deletes a credential; undefined when there is none. */
export async function deleteCredential(db: Connection, name: string): Promise<CredentialRow | undefined> {
  const [row] = await rows<CredentialRow>(db, {
    text: 'DELETE FROM "LiteLLM_CredentialsTable" WHERE credential_name = $1 RETURNING *',
    values: [name],
  });
  return row;
}
