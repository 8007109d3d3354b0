import { escapeIdentifier } from 'pg';
import { type Column, columnsOf } from './columns-of.ts';
import type { Connection } from './connection.ts';
import { SchemaError } from './schema.ts';

/** Old writers have serialised JSON twice: what such a text holds is an object or a list. */
const UNWRAPPED = `
  CREATE FUNCTION pg_temp.unwrapped(value jsonb) RETURNS jsonb LANGUAGE plpgsql AS $unwrapped$
  DECLARE inner_value jsonb := value;
  BEGIN
    WHILE jsonb_typeof(inner_value) = 'string' LOOP inner_value := (inner_value #>> '{}')::jsonb; END LOOP;
    RETURN CASE WHEN jsonb_typeof(inner_value) IN ('object', 'array') THEN inner_value ELSE value END;
  EXCEPTION WHEN data_exception THEN
    RETURN value;
  END
  $unwrapped$`;

/** Makes what `unwrapped` needs, for this connection. */
export async function makeUnwrap(db: Connection): Promise<void> {
  await db.query({ text: 'DROP FUNCTION IF EXISTS pg_temp.unwrapped(jsonb)' });
  await db.query({ text: UNWRAPPED });
}

/** SQL for a JSON value that may have been serialised twice. */
export const unwrapped = (value: string): string =>
  `CASE WHEN jsonb_typeof(${value}) = 'string' THEN pg_temp.unwrapped(${value}) ELSE ${value} END`;

/** LiteLLM's default is no list. */
const lists = new Set(['members_with_roles']);

/** SQL for what a column of ours gets from one of theirs. */
function ourValue({ name, type, required, fallback }: Column, theirs: Column): string {
  const column = `theirs.${escapeIdentifier(name)}`;
  let value = theirs.type === type ? column : `CAST(${column} AS ${type})`;
  if (type === 'jsonb') value = unwrapped(value);
  if (lists.has(name)) value = `CASE WHEN jsonb_typeof(${value}) = 'array' THEN ${value} ELSE '[]' END`;
  return required && fallback !== null ? `coalesce(${value}, ${fallback})` : value;
}

/** Fails where an amount is no number: nothing could be counted on from there. */
async function requireAmounts(db: Connection, source: string, columns: Iterable<Column>): Promise<void> {
  const amounts = [...columns].filter(({ type }) => type === 'double precision').map(({ name }) => name);
  for (const name of amounts) {
    const { rows } = await db.query<{ count: string }>({
      text: `SELECT count(*) FROM ${source} WHERE ${escapeIdentifier(name)} IN ('NaN', 'Infinity', '-Infinity')`,
    });
    const count = Number(rows[0]?.count);
    if (count === 0) continue;
    const table = source.slice(source.indexOf('.') + 1);
    throw new SchemaError(
      `${table}.${name} is no amount in ${count} ${count === 1 ? 'row' : 'rows'}: correct it (UPDATE ${table} SET ${name} = 0 WHERE ${name} IN ('NaN', 'Infinity', '-Infinity')), and run this again`,
    );
  }
}

/** Whether a column can say something: a time that was written by itself is not missed. */
export const says = ({ fallback }: Column): boolean => !/CURRENT_TIMESTAMP|now\(\)/i.test(fallback ?? '');

/** Those of their columns that are none of ours, and say something in some row. */
async function missed(db: Connection, source: string, columns: readonly Column[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, fallback } of columns.filter(says)) {
    const column = escapeIdentifier(name);
    const { rows } = await db.query<{ found: boolean }>({
      text: `SELECT EXISTS (SELECT FROM ${source} WHERE ${column} IS DISTINCT FROM ${fallback ?? 'NULL'} AND ${column} IS NOT NULL) AS found`,
    });
    if (rows[0]?.found) names.push(name);
  }
  return names;
}

const DAILY = /^LiteLLM_Daily(?:User|Team|Tag|Organization|EndUser|Agent)Spend$/;

/**
 * Rows of one day: what stands in no row of LiteLLM's unique key is an empty text here, so that two of its rows can become
 * one; and their cost is exact from here on.
 */
async function copyDays(
  db: Connection,
  [source, target]: readonly [string, string],
  shared: readonly Column[],
): Promise<number> {
  const key = shared.filter(
    ({ name, type }) => type === 'text' && !['id', 'model_group', 'request_id'].includes(name),
  );
  const counts = shared.filter(({ type }) => type === 'bigint');
  const names = (some: readonly Column[]) => some.map(({ name }) => name);
  const { rowCount } = await db.query({
    text: `
      INSERT INTO ${target} (${[...names(key), ...names(counts), 'model_group', 'spend_pico', 'spend', 'created_at', 'updated_at'].join(', ')})
      SELECT ${[
        ...names(key).map((name) => `coalesce(${name}, '')`),
        ...names(counts).map((name) => `sum(${name})`),
      ].join(', ')},
        max(model_group), sum(round(spend::text::numeric * 1e12)), sum(round(spend::text::numeric * 1e12)) / 1e12,
        min(created_at), max(updated_at)
      FROM ${source} GROUP BY ${names(key)
        .map((name) => `coalesce(${name}, '')`)
        .join(', ')}`,
  });
  return rowCount ?? 0;
}

/** What was taken over of a table. */
export interface TakenTable {
  readonly table: string;
  readonly rows: number;
  /** Columns that are none of ours, and had something in them. */
  readonly missed: readonly string[];
}

/** Copies their rows of a table into ours, by the names of the columns. */
export async function copyTable(db: Connection, table: string, schema: string): Promise<TakenTable> {
  const target = escapeIdentifier(table);
  const source = `${escapeIdentifier(schema)}.${target}`;
  const [ours, theirs] = [await columnsOf(db, target), await columnsOf(db, source)];
  await requireAmounts(db, source, theirs.values());
  const shared = [...ours.values()].filter(({ name }) => theirs.has(name));
  const others = [...theirs.values()].filter(({ name }) => !ours.has(name));
  await db.query({ text: `DELETE FROM ${target}` });
  if (DAILY.test(table)) {
    const rows = await copyDays(db, [source, target], shared);
    return { table, rows, missed: await missed(db, source, others) };
  }
  const columns = shared.map(({ name }) => escapeIdentifier(name)).join(', ');
  const values = shared.map((column) => ourValue(column, theirs.get(column.name) as Column)).join(', ');
  try {
    const { rowCount } = await db.query({
      text: `INSERT INTO ${target} (${columns}) SELECT ${values} FROM ${source} AS theirs`,
    });
    return { table, rows: rowCount ?? 0, missed: await missed(db, source, others) };
  } catch (cause) {
    throw new SchemaError(
      `the rows of ${target} do not fit its columns (${(cause as Error).message}): correct them, and run this again`,
      { cause },
    );
  }
}
