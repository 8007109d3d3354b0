import type { CallLimitColumns } from '../identity/key-limits.ts';
import { type Connection, rows } from './connection.ts';
import { columnsFromJson } from './json-columns.ts';

/** A row of "LiteLLM_EndUserTable": a customer, whom a call names as `user`. */
export interface EndUserRow {
  readonly user_id: string;
  readonly alias: string | null;
  readonly spend: number;
  readonly allowed_model_region: string | null;
  readonly default_model: string | null;
  readonly budget_id: string | null;
  readonly object_permission_id: string | null;
  readonly blocked: boolean;
}

const settable = ['alias', 'spend', 'blocked', 'budget_id'] as const;

export type EndUserColumns = Partial<Pick<EndUserRow, (typeof settable)[number]>>;

/** Stores a customer; false when there is one with this id. */
export async function insertEndUser(db: Connection, userId: string): Promise<boolean> {
  const made = await rows(db, {
    text: 'INSERT INTO "LiteLLM_EndUserTable" (user_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING user_id',
    values: [userId],
  });
  return made.length === 1;
}

/** Changes the columns that are named; undefined when there is no such customer. */
export async function updateEndUser(
  db: Connection,
  userId: string,
  changes: EndUserColumns,
): Promise<EndUserRow | undefined> {
  const [row] = await rows<EndUserRow>(db, {
    text: `
      UPDATE "LiteLLM_EndUserTable" t SET ${columnsFromJson(settable, '$2')} WHERE user_id = $1 RETURNING *`,
    values: [userId, JSON.stringify(changes)],
  });
  return row;
}

/** Blocks customers, or lifts the block; customers that are not there yet are made by a block. */
export async function setEndUsersBlocked(
  db: Connection,
  userIds: readonly string[],
  blocked: boolean,
): Promise<readonly EndUserRow[]> {
  if (!blocked) {
    return rows<EndUserRow>(db, {
      text: 'UPDATE "LiteLLM_EndUserTable" SET blocked = false WHERE user_id = ANY ($1) RETURNING *',
      values: [userIds],
    });
  }
  return rows<EndUserRow>(db, {
    text: `
      INSERT INTO "LiteLLM_EndUserTable" (user_id, blocked)
      SELECT DISTINCT user_id, true FROM unnest($1::text[]) AS user_id
      ON CONFLICT (user_id) DO UPDATE SET blocked = true
      RETURNING *`,
    values: [userIds],
  });
}

export async function readEndUsers(
  db: Connection,
  userIds: readonly string[],
): Promise<readonly EndUserRow[]> {
  return rows<EndUserRow>(db, {
    text: 'SELECT * FROM "LiteLLM_EndUserTable" WHERE user_id = ANY ($1)',
    values: [userIds],
  });
}

export async function listEndUsers(db: Connection): Promise<readonly EndUserRow[]> {
  return rows<EndUserRow>(db, { text: 'SELECT * FROM "LiteLLM_EndUserTable" ORDER BY user_id' });
}

export async function deleteEndUsers(db: Connection, userIds: readonly string[]): Promise<number> {
  const gone = await rows(db, {
    text: 'DELETE FROM "LiteLLM_EndUserTable" WHERE user_id = ANY ($1) RETURNING user_id',
    values: [userIds],
  });
  return gone.length;
}

/** The ids of every blocked customer; one index scan. */
export async function blockedEndUsers(db: Connection): Promise<readonly string[]> {
  const found = await rows<{ user_id: string }>(db, {
    text: 'SELECT user_id FROM "LiteLLM_EndUserTable" WHERE blocked',
  });
  return found.map(({ user_id }) => user_id);
}

const limited = 'num_nonnulls(b.rpm_limit, b.tpm_limit, b.max_parallel_requests) > 0';

/** Hot for calls that name a customer: two primary-key look-ups. Undefined for a customer without limits. */
export async function readEndUserLimits(
  db: Connection,
  userId: string,
): Promise<CallLimitColumns | undefined> {
  const [row] = await rows<CallLimitColumns>(db, {
    name: 'end_user_limits',
    text: `
      SELECT b.rpm_limit, b.tpm_limit, b.max_parallel_requests
      FROM "LiteLLM_EndUserTable" e JOIN "LiteLLM_BudgetTable" b USING (budget_id)
      WHERE e.user_id = $1 AND ${limited}`,
    values: [userId],
  });
  return row;
}

/** Whether any customer has limits. */
export async function anyEndUserLimited(db: Connection): Promise<boolean> {
  const found = await rows(db, {
    text: `
      SELECT 1 FROM "LiteLLM_EndUserTable" e JOIN "LiteLLM_BudgetTable" b USING (budget_id) WHERE ${limited} LIMIT 1`,
  });
  return found.length > 0;
}
