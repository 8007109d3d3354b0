import { escapeIdentifier } from 'pg';
import { type Connection, rows } from './connection.ts';
import { SchemaError } from './schema.ts';

/** A foreign key; its definition is SQL with the names as they are in the schema. */
export interface Link {
  readonly table: string;
  readonly name: string;
  readonly target: string;
  readonly definition: string;
}

/** Every foreign key between tables of the schema. */
export function linksOf(db: Connection): Promise<readonly Link[]> {
  return rows<Link>(db, {
    text: `
      SELECT c.relname AS table, k.conname AS name, t.relname AS target, pg_get_constraintdef(k.oid) AS definition
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
      WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY k.oid`,
  });
}

/** Takes foreign keys away. */
export async function cutLinks(db: Connection, links: readonly Link[]): Promise<void> {
  for (const { table, name } of links) {
    await db.query({
      text: `ALTER TABLE ${escapeIdentifier(table)} DROP CONSTRAINT ${escapeIdentifier(name)}`,
    });
  }
}

/** Makes them again. Throws SchemaError when a row points at one that is not there. */
export async function joinLinks(db: Connection, links: readonly Link[]): Promise<void> {
  for (const { table, name, target, definition } of links) {
    const text = `ALTER TABLE ${escapeIdentifier(table)} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}`;
    try {
      await db.query({ text });
    } catch (cause) {
      throw new SchemaError(
        `"${table}" has rows that point at rows of "${target}" that are not there (${definition}): delete or correct them, and run this again`,
        { cause },
      );
    }
  }
}

/** A view by its name, and the query behind it. */
export interface View {
  readonly name: string;
  readonly query: string;
}

/** The views of the schema, the oldest first. */
async function readViews(db: Connection): Promise<readonly View[]> {
  return rows<View>(db, {
    text: `
      SELECT relname AS name, pg_get_viewdef(oid) AS query FROM pg_class
      WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY oid`,
  });
}

/** Takes the views of the schema away, the newest first: one may read another. Returns them, the oldest first. */
export async function dropViews(db: Connection): Promise<readonly View[]> {
  const views = await readViews(db);
  for (const { name } of views.toReversed()) await db.query({ text: `DROP VIEW ${escapeIdentifier(name)}` });
  return views;
}

/**
 * Makes views over the tables that have taken the place of others, but for those that our schema has by the same name. Returns
 * the names of those that our tables cannot serve.
 */
export async function makeViews(db: Connection, views: readonly View[]): Promise<readonly string[]> {
  const ours = new Set((await readViews(db)).map(({ name }) => name));
  const lost: string[] = [];
  for (const { name, query } of views.filter((view) => !ours.has(view.name))) {
    await db.query({ text: 'SAVEPOINT view' });
    try {
      await db.query({ text: `CREATE VIEW ${escapeIdentifier(name)} AS ${query}` });
    } catch {
      await db.query({ text: 'ROLLBACK TO SAVEPOINT view' });
      lost.push(name);
    }
  }
  return lost;
}
