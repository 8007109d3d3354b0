import { isDeepStrictEqual } from 'node:util';
import { type Connection, rows } from './connection.ts';
import { columnsFromJson } from './json-columns.ts';

/** A row of "LiteLLM_BudgetTable": limits that other rows may link to. */
export interface BudgetRow {
  readonly budget_id: string;
  readonly max_budget: number | null;
  readonly soft_budget: number | null;
  readonly max_parallel_requests: number | null;
  readonly tpm_limit: number | null;
  readonly rpm_limit: number | null;
  readonly model_max_budget: unknown;
  readonly budget_duration: string | null;
  readonly budget_reset_at: Date | string | null;
  /** Models that a member of a team who is linked to it is bound to; empty where it says nothing of them. */
  readonly allowed_models: readonly string[];
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
}

const settable = [
  'max_budget',
  'soft_budget',
  'max_parallel_requests',
  'tpm_limit',
  'rpm_limit',
  'model_max_budget',
  'budget_duration',
  'budget_reset_at',
  'allowed_models',
] as const;

/** What accounts are made from; the other limits are read when somebody calls. */
const ofAccounts = [
  'max_budget',
  'soft_budget',
  'budget_duration',
  'budget_reset_at',
  'model_max_budget',
] as const;

/** Whether accounts have to follow a change of their budget. */
export function changesAccounts(before: BudgetRow, after: BudgetRow): boolean {
  return ofAccounts.some((column) => !isDeepStrictEqual(before[column], after[column]));
}

export type BudgetColumns = Partial<Pick<BudgetRow, (typeof settable)[number]>>;

/** Stores a budget without limits; false when that id is taken. */
export async function insertBudget(db: Connection, budgetId: string, by: string): Promise<boolean> {
  const made = await rows(db, {
    text: `
      INSERT INTO "LiteLLM_BudgetTable" (budget_id, created_by, updated_by) VALUES ($1, $2, $2)
      ON CONFLICT DO NOTHING
      RETURNING budget_id`,
    values: [budgetId, by],
  });
  return made.length === 1;
}

/** Changes the columns that are named; undefined when there is no such budget. */
export async function updateBudget(
  db: Connection,
  budgetId: string,
  changes: BudgetColumns,
  by: string,
): Promise<BudgetRow | undefined> {
  const [row] = await rows<BudgetRow>(db, {
    text: `
      UPDATE "LiteLLM_BudgetTable" t
      SET updated_by = $3, updated_at = now() AT TIME ZONE 'UTC', ${columnsFromJson(settable, '$2')}
      WHERE budget_id = $1
      RETURNING *`,
    values: [budgetId, JSON.stringify(changes), by],
  });
  return row;
}

/** Reads a budget and holds it until the transaction ends; rows may be linked to it meanwhile. */
export async function lockBudget(db: Connection, budgetId: string): Promise<BudgetRow | undefined> {
  const [row] = await rows<BudgetRow>(db, {
    text: 'SELECT * FROM "LiteLLM_BudgetTable" WHERE budget_id = $1 FOR NO KEY UPDATE',
    values: [budgetId],
  });
  return row;
}

export async function readBudgets(
  db: Connection,
  budgetIds: readonly string[],
): Promise<readonly BudgetRow[]> {
  return rows<BudgetRow>(db, {
    text: 'SELECT * FROM "LiteLLM_BudgetTable" WHERE budget_id = ANY ($1) ORDER BY budget_id',
    values: [budgetIds],
  });
}

export async function listBudgets(db: Connection): Promise<readonly BudgetRow[]> {
  return rows<BudgetRow>(db, { text: 'SELECT * FROM "LiteLLM_BudgetTable" ORDER BY created_at, budget_id' });
}

/** Deletes a budget; what is linked to it goes on without. Undefined when there is none. */
export async function deleteBudget(db: Connection, budgetId: string): Promise<BudgetRow | undefined> {
  const [row] = await rows<BudgetRow>(db, {
    text: 'DELETE FROM "LiteLLM_BudgetTable" WHERE budget_id = $1 RETURNING *',
    values: [budgetId],
  });
  return row;
}
