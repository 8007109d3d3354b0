import { escapeIdentifier, escapeLiteral } from 'pg';
import { columnsOf } from './columns-of.ts';
import { type Connection, rows } from './connection.ts';
import { dayOf, TAKEN_OVER } from './partitions.ts';
import { SchemaError } from './schema.ts';
import { says, type TakenTable, unwrapped } from './take-over-rows.ts';

const SPEND = '"LiteLLM_SpendLogs"';
const PARTITION = escapeIdentifier(TAKEN_OVER);
/** The one index that both sides have. */
const SHARED_INDEX = 'LiteLLM_SpendLogs_startTime_request_id_idx';

/** Makes the columns of their table what a partition's must be; none of it rewrites the table. */
async function fitColumns(db: Connection): Promise<readonly string[]> {
  const [ours, theirs] = [await columnsOf(db, SPEND), await columnsOf(db, PARTITION)];
  const others = [...theirs.values()].filter(({ name }) => !ours.has(name));
  for (const { name } of others) {
    await db.query({ text: `ALTER TABLE ${PARTITION} DROP COLUMN ${escapeIdentifier(name)}` });
  }
  for (const { name, type, required, fallback } of ours.values()) {
    const column = escapeIdentifier(name);
    const known = theirs.get(name);
    if (known === undefined) {
      const rest = `${fallback === null ? '' : ` DEFAULT ${fallback}`}${required ? ' NOT NULL' : ''}`;
      await db.query({ text: `ALTER TABLE ${PARTITION} ADD COLUMN ${column} ${type}${rest}` });
    } else if (known.type !== type) {
      throw new SchemaError(
        `${SPEND}.${name} is of type ${known.type}, not ${type}: change it (ALTER TABLE ${SPEND} ALTER COLUMN ${column} TYPE ${type}), and run this again`,
      );
    } else if (required && !known.required) {
      await db.query({ text: `ALTER TABLE ${PARTITION} ALTER COLUMN ${column} SET NOT NULL` });
    }
  }
  return others.filter(says).map(({ name }) => name);
}

/** Takes away the indexes that attaching would only double, and the name of the one that serves both. */
async function dropIndexes(db: Connection, schema: string): Promise<void> {
  const table = `${schema}.${SPEND}`;
  await db.query({ text: `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS "LiteLLM_SpendLogs_pkey" CASCADE` });
  const found = await rows<{ name: string }>(db, {
    text: 'SELECT relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE indrelid = $1::regclass',
    values: [table],
  });
  for (const { name } of found) {
    const index = `${schema}.${escapeIdentifier(name)}`;
    const text =
      name === SHARED_INDEX
        ? `ALTER INDEX ${index} RENAME TO ${escapeIdentifier(`${TAKEN_OVER}_startTime_request_id_idx`)}`
        : `DROP INDEX ${index}`;
    await db.query({ text });
  }
}

/**
 * Makes their plain table of spend rows, which is in another schema, a partition of ours: all that began before this day. Its
 * file stays as it is; the rows of this day, and those of a clock that was wrong, move to where rows of those days go.
 * Whether columns that are none of ours said something in any row is not looked up.
 */
export async function attachSpend(db: Connection, schema: string, now: number): Promise<TakenTable> {
  const today = escapeLiteral(dayOf(now));
  await dropIndexes(db, schema);
  await db.query({ text: `ALTER TABLE ${schema}.${SPEND} RENAME TO ${PARTITION}` });
  await db.query({ text: `ALTER TABLE ${schema}.${PARTITION} SET SCHEMA public` });
  const others = await fitColumns(db);
  await db.query({
    text: `
      UPDATE ${PARTITION} SET metadata = ${unwrapped('metadata')}, request_tags = ${unwrapped('request_tags')}
      WHERE jsonb_typeof(metadata) = 'string' OR jsonb_typeof(request_tags) = 'string'`,
  });
  const columns = [...(await columnsOf(db, SPEND)).keys()].map(escapeIdentifier).join(', ');
  await db.query({
    text: `CREATE TEMPORARY TABLE spend_of_today ON COMMIT DROP AS SELECT ${columns} FROM ${PARTITION} WHERE "startTime" >= ${today}`,
  });
  await db.query({ text: `DELETE FROM ${PARTITION} WHERE "startTime" >= ${today}` });
  await db.query({
    text: `ALTER TABLE ${SPEND} ATTACH PARTITION ${PARTITION} FOR VALUES FROM (MINVALUE) TO (${today})`,
  });
  await db.query({ text: `INSERT INTO ${SPEND} (${columns}) SELECT ${columns} FROM spend_of_today` });
  const [counted] = await rows<{ count: number }>(db, {
    text: `SELECT count(*)::integer AS count FROM ${SPEND}`,
  });
  return { table: 'LiteLLM_SpendLogs', rows: counted?.count ?? 0, missed: others };
}
