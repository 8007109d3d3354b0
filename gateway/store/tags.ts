import type { CallLimitColumns } from '../identity/key-limits.ts';
import { type Connection, rows } from './connection.ts';
import { columnsFromJson } from './json-columns.ts';

/** A row of "LiteLLM_TagTable". */
export interface TagRow {
  readonly tag_name: string;
  readonly description: string | null;
  readonly models: readonly string[];
  readonly model_info: Readonly<Record<string, unknown>> | null;
  readonly spend: number;
  readonly budget_id: string | null;
  readonly created_at: Date;
  readonly created_by: string | null;
  readonly updated_at: Date;
}

const settable = ['description', 'spend', 'budget_id'] as const;

export type TagColumns = Partial<Pick<TagRow, (typeof settable)[number]>>;

/** Stores a tag; false when there is one of this name. */
export async function insertTag(db: Connection, name: string, by: string): Promise<boolean> {
  const made = await rows(db, {
    text: `
      INSERT INTO "LiteLLM_TagTable" (tag_name, created_by) VALUES ($1, $2)
      ON CONFLICT DO NOTHING
      RETURNING tag_name`,
    values: [name, by],
  });
  return made.length === 1;
}

/** Changes the columns that are named. */
export async function updateTag(db: Connection, name: string, changes: TagColumns): Promise<void> {
  await rows(db, {
    text: `
      UPDATE "LiteLLM_TagTable" t
      SET updated_at = now() AT TIME ZONE 'UTC', ${columnsFromJson(settable, '$2')}
      WHERE tag_name = $1`,
    values: [name, JSON.stringify(changes)],
  });
}

/** Every tag, or those that are named. */
export async function readTags(db: Connection, names: readonly string[] | null): Promise<readonly TagRow[]> {
  return rows<TagRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_TagTable" WHERE $1::text[] IS NULL OR tag_name = ANY ($1)
      ORDER BY created_at, tag_name`,
    values: [names],
  });
}

/** Reads a tag and holds it until the transaction ends. */
export async function lockTag(db: Connection, name: string): Promise<TagRow | undefined> {
  const [row] = await rows<TagRow>(db, {
    text: 'SELECT * FROM "LiteLLM_TagTable" WHERE tag_name = $1 FOR UPDATE',
    values: [name],
  });
  return row;
}

export async function deleteTag(db: Connection, name: string): Promise<void> {
  await rows(db, { text: 'DELETE FROM "LiteLLM_TagTable" WHERE tag_name = $1', values: [name] });
}

/** A tag that is linked to a budget, and the limits that stand there. */
export interface TagLimit extends CallLimitColumns {
  readonly tag_name: string;
  readonly budget_id: string;
  /** USD. */
  readonly max_budget: number | null;
  readonly model_max_budget: unknown;
}

/** Every tag that is linked to a budget. */
export async function limitedTags(db: Connection): Promise<readonly TagLimit[]> {
  return rows<TagLimit>(db, {
    text: `
      SELECT t.tag_name, b.budget_id, b.max_budget, b.model_max_budget, b.rpm_limit, b.tpm_limit, b.max_parallel_requests
      FROM "LiteLLM_TagTable" t JOIN "LiteLLM_BudgetTable" b ON b.budget_id = t.budget_id
      ORDER BY t.tag_name`,
  });
}
