import type { CallLimitColumns } from '../identity/key-limits.ts';
import type { LinkedColumns } from '../identity/written-budgets.ts';
import { type Connection, rows } from './connection.ts';
import { endUserBudgetId } from './follow-budgets.ts';
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

/** Reads customers and holds them until the transaction ends. */
export async function lockEndUsers(
  db: Connection,
  userIds: readonly string[],
): Promise<readonly EndUserRow[]> {
  return rows<EndUserRow>(db, {
    text: 'SELECT * FROM "LiteLLM_EndUserTable" WHERE user_id = ANY ($1) ORDER BY user_id FOR UPDATE',
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

/** Whether any customer is linked to a budget; one index look-up. */
export async function anyLimitedEndUser(db: Connection): Promise<boolean> {
  const found = await rows(db, {
    text: 'SELECT 1 FROM "LiteLLM_EndUserTable" WHERE budget_id IS NOT NULL LIMIT 1',
  });
  return found.length > 0;
}

/** The budget of a customer as it is written, and the limits that stand in it. */
export interface EndUserLimit extends CallLimitColumns, LinkedColumns {
  /** Whether the customer has a row. */
  readonly known: boolean;
  /** The budget that the customer has; null for none. */
  readonly budget_id: string | null;
  /** Whether there is such a budget: all else of it is null where there is none. */
  readonly found: boolean;
  readonly model_max_budget: unknown;
}

/** Two primary-key look-ups. `fallback` is the budget of customers without one of their own. */
export async function findEndUserLimit(
  db: Connection,
  userId: string,
  fallback: string | null,
): Promise<EndUserLimit> {
  const [row] = await rows<EndUserLimit>(db, {
    name: 'find_end_user_limit',
    text: `
      SELECT u.user_id IS NOT NULL AS known, ${endUserBudgetId('u', 'asked.fallback')} AS budget_id,
        b.budget_id IS NOT NULL AS found, b.max_budget, b.soft_budget, b.budget_duration, b.model_max_budget,
        b.rpm_limit, b.tpm_limit, b.max_parallel_requests
      FROM (SELECT $1::text AS user_id, $2::text AS fallback) AS asked
      LEFT JOIN "LiteLLM_EndUserTable" u ON u.user_id = asked.user_id
      LEFT JOIN "LiteLLM_BudgetTable" b ON b.budget_id = ${endUserBudgetId('u', 'asked.fallback')}`,
    values: [userId, fallback],
  });
  return row as EndUserLimit;
}

/** The next customers without a budget of their own, in the order of their ids. */
export async function endUsersWithoutBudget(
  db: Connection,
  { after, limit }: { after: string; limit: number },
): Promise<readonly Pick<EndUserRow, 'user_id' | 'spend'>[]> {
  return rows<Pick<EndUserRow, 'user_id' | 'spend'>>(db, {
    name: 'end_users_without_budget',
    text: `
      SELECT user_id, spend FROM "LiteLLM_EndUserTable" WHERE budget_id IS NULL AND user_id > $1
      ORDER BY user_id LIMIT $2`,
    values: [after, limit],
  });
}
