import { type Connection, rows } from './connection.ts';

/** A row of "LiteLLM_Config": a section of the configuration. */
export interface ConfigRow {
  readonly param_name: string;
  readonly param_value: Readonly<Record<string, unknown>>;
  /** Names the salt key of its values, where all of them are sealed with one. */
  readonly litellm_value_key_id: string | null;
}

const COLUMNS = 'param_name, param_value, litellm_value_key_id';

/** LiteLLM's older writers stored JSON as a text in JSON. What holds no members holds no settings. */
function membersOf(value: unknown): ConfigRow['param_value'] {
  if (typeof value === 'string') {
    try {
      return membersOf(JSON.parse(value));
    } catch {
      return {};
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** The rows of these sections that there are. */
export async function readConfigRows(
  db: Connection,
  sections: readonly string[],
): Promise<readonly ConfigRow[]> {
  const found = await rows<ConfigRow>(db, {
    text: `SELECT ${COLUMNS} FROM "LiteLLM_Config" WHERE param_name = ANY ($1) ORDER BY param_name`,
    values: [sections],
  });
  return found.map((row) => ({ ...row, param_value: membersOf(row.param_value) }));
}

/** The same, held against other writers until the transaction ends, rows that are still to be made as well. */
export async function lockConfigRows(
  db: Connection,
  sections: readonly string[],
): Promise<readonly ConfigRow[]> {
  await rows(db, { text: 'LOCK TABLE "LiteLLM_Config" IN SHARE ROW EXCLUSIVE MODE' });
  return readConfigRows(db, sections);
}

/** Makes a row, or gives the one that is there these values. */
export async function writeConfigRow(db: Connection, row: ConfigRow): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_Config" (${COLUMNS}) VALUES ($1, $2, $3)
      ON CONFLICT (param_name)
      DO UPDATE SET param_value = excluded.param_value, litellm_value_key_id = excluded.litellm_value_key_id`,
    values: [row.param_name, JSON.stringify(row.param_value), row.litellm_value_key_id],
  });
}
