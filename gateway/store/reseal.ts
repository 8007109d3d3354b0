import type { Pool } from 'pg';
import { type Connection, rows, transaction } from './connection.ts';
import { unwrapped } from './json-columns.ts';
import type { SealedMembers } from './models-table.ts';
import { type SaltKeys, UnreadableText } from './sealed-text.ts';

/** What a run has done. */
export interface Resealed {
  readonly resealed: number;
  /** Rows that no key opens, with the reason: they are as they were. */
  readonly unreadable: readonly string[];
}

/** Where sealed texts stand, and the name of the key that sealed them; `rows`: which rows hold some. */
const places = [
  {
    what: 'model',
    table: '"LiteLLM_ProxyModelTable"',
    id: 'model_id',
    members: 'litellm_params',
    keyId: 'litellm_params_key_id',
    rows: 'true',
  },
  {
    what: 'credential',
    table: '"LiteLLM_CredentialsTable"',
    id: 'credential_name',
    members: 'credential_values',
    keyId: 'litellm_values_key_id',
    rows: 'true',
  },
  {
    what: 'settings',
    table: '"LiteLLM_Config"',
    id: 'param_name',
    members: 'param_value',
    keyId: 'litellm_value_key_id',
    rows: "param_name = 'environment_variables' AND param_value IS NOT NULL",
  },
] as const;

type Place = (typeof places)[number];

/** Rows whose key is not the one that seals now, in the order of their ids. */
async function remaining(db: Connection, place: Place, keys: SaltKeys): Promise<string[]> {
  const { table, id, keyId } = place;
  const found = await rows<{ id: string }>(db, {
    text: `SELECT ${id} AS id FROM ${table} WHERE ${place.rows} AND ${keyId} IS DISTINCT FROM $1 ORDER BY ${id}`,
    values: [keys.id],
  });
  return found.map(({ id }) => id);
}

/** Seals one row anew, in a transaction of its own; false when it is gone or somebody else has done it meanwhile. */
function resealRow(
  db: Pool,
  { table, id, members, keyId }: Place,
  row: string,
  keys: SaltKeys,
): Promise<boolean> {
  return transaction(db, async (client) => {
    const [held] = await rows<{ [column in Place['members']]: SealedMembers }>(client, {
      text: `SELECT ${unwrapped(members)} FROM ${table} WHERE ${id} = $1 AND ${keyId} IS DISTINCT FROM $2 FOR UPDATE`,
      values: [row, keys.id],
    });
    if (held === undefined) return false;
    const sealed = JSON.stringify(keys.sealAll(keys.openAll(held[members])));
    await rows(client, {
      text: `UPDATE ${table} SET ${members} = $2, ${keyId} = $3 WHERE ${id} = $1`,
      values: [row, sealed, keys.id],
    });
    return true;
  });
}

/**
 * Seals with the newest salt key whatever another one has sealed, and what LiteLLM has written. Each row carries the name of
 * its key and is done by itself, so a run that was cut off has done some and the next one does the others.
 */
export async function reseal(db: Pool, keys: SaltKeys): Promise<Resealed> {
  const unreadable: string[] = [];
  let resealed = 0;
  for (const place of places) {
    for (const id of await remaining(db, place, keys)) {
      try {
        if (await resealRow(db, place, id, keys)) resealed++;
      } catch (error) {
        if (!(error instanceof UnreadableText)) throw error;
        unreadable.push(`${place.what} ${id}: ${error.message}`);
      }
    }
  }
  return { resealed, unreadable };
}
