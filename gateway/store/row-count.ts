import { type Connection, rows } from './connection.ts';

/** Rows are counted one by one up to this number. */
export const COUNTED_EXACTLY = 10_000;

export interface RowCount {
  readonly total: number;
  /** More than are counted: how many the planner expects. */
  readonly estimated: boolean;
}

interface Explained {
  readonly 'QUERY PLAN': readonly { readonly Plan: { readonly 'Plan Rows': number } }[];
}

/**
 * How many rows there are, for a list that is shown page by page: exactly where they are few, or what the statistics say.
 * `source` is what stands behind FROM.
 */
export async function countRows(
  db: Connection,
  { source, values }: { readonly source: string; readonly values: readonly unknown[] },
): Promise<RowCount> {
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM (SELECT FROM ${source} LIMIT ${COUNTED_EXACTLY + 1}) AS found`,
    values: [...values],
  });
  const total = counted?.total ?? 0;
  if (total <= COUNTED_EXACTLY) return { total, estimated: false };
  const [explained] = await rows<Explained>(db, {
    text: `EXPLAIN (FORMAT JSON) SELECT FROM ${source}`,
    values: [...values],
  });
  return { total: Math.max(total, explained?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0), estimated: true };
}
