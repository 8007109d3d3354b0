import { type Connection, rows } from './connection.ts';
import { countKeys } from './virtual-keys.ts';

/** What the admin UI says about the database. */
export interface DatabaseState {
  readonly serverVersion: string;
  /** Number of the newest applied migration. */
  readonly schema: number;
  readonly virtualKeys: number;
}

export async function readDatabaseState(db: Connection): Promise<DatabaseState> {
  const [row] = await rows<{ version: string; schema: number }>(db, {
    text: `
      SELECT current_setting('server_version') AS version,
        (SELECT coalesce(max(number), 0) FROM schema_migrations) AS schema`,
  });
  return {
    serverVersion: row?.version ?? '',
    schema: row?.schema ?? 0,
    virtualKeys: await countKeys(db),
  };
}
