import { type Connection, rows } from './connection.ts';

/** A column as the catalogue has it. */
export interface Column {
  readonly name: string;
  /** As SQL: `timestamp(3) without time zone`. */
  readonly type: string;
  readonly required: boolean;
  /** Its default as SQL; null where it has none. */
  readonly fallback: string | null;
}

/** The columns of a table, by their names, in their order. `table` is SQL: quoted where it has to be. */
export async function columnsOf(db: Connection, table: string): Promise<ReadonlyMap<string, Column>> {
  const found = await rows<Column>(db, {
    text: `
      SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
        pg_get_expr(d.adbin, d.adrelid) AS fallback
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    values: [table],
  });
  return new Map(found.map((column) => [column.name, column]));
}
