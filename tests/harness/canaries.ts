/** Searches a whole database for words that should not be in it, whatever tables and columns it has. */
import type { Client } from 'pg';

interface Table {
  readonly name: string;
  readonly columns: number;
}

/** Every table that holds rows; a partition's rows are its table's. */
async function tablesOf(db: Client): Promise<Table[]> {
  const { rows } = await db.query<Table>(`
    SELECT format('%I.%I', c.table_schema, c.table_name) AS name, count(*)::integer AS columns
    FROM information_schema.columns c
    JOIN pg_class r ON r.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
    WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema') AND r.relkind IN ('r', 'p') AND NOT r.relispartition
    GROUP BY 1 ORDER BY 1`);
  return rows;
}

export interface Searched {
  /** How many columns were looked at. */
  readonly columns: number;
  /** For each word the places, as `table.column`, where it stands somewhere. */
  readonly found: Readonly<Record<string, readonly string[]>>;
}

/** Looks for words of ASCII in the text of every value. */
export async function searchDatabase(db: Client, words: Readonly<Record<string, string>>): Promise<Searched> {
  const found: Record<string, string[]> = Object.fromEntries(Object.keys(words).map((name) => [name, []]));
  const tables = await tablesOf(db);
  for (const table of tables) {
    const { rows } = await db.query<{ column: string; name: string }>(
      `SELECT DISTINCT value.key AS column, w.name
       FROM ${table.name} t, jsonb_each_text(to_jsonb(t)) AS value, unnest($1::text[], $2::text[]) AS w (name, word)
       WHERE position(w.word IN value.value) > 0
       ORDER BY 1, 2`,
      [Object.keys(words), Object.values(words)],
    );
    const shown = table.name.replace(/^public\./, '').replaceAll('"', '');
    for (const { column, name } of rows) found[name]?.push(`${shown}.${column}`);
  }
  return { columns: tables.reduce((sum, { columns }) => sum + columns, 0), found };
}
