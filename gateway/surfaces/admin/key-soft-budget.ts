import type { PoolClient } from 'pg';
import type { Identity } from '../../identity/identity.ts';
import { type BudgetRow, lockBudget, readBudgets } from '../../store/budgets-table.ts';
import type { Connection } from '../../store/connection.ts';
import { isShared } from '../../store/linked-budgets.ts';
import { readKey } from '../../store/virtual-keys.ts';
import { usdAmount } from './budget-columns.ts';
import type { ManagementDeps } from './change.ts';
import type { Changes } from './changes.ts';
import { badRequest } from './faults.ts';
import type { KeyFields } from './key-requests.ts';
import { changeBudget, makeBudget, requireBudget, saysNothing } from './linked-budget.ts';

/** As in LiteLLM a key has no column for it: it stands in the budget that the key is linked to. */
type Wanted = Pick<KeyFields, 'soft_budget' | 'budget_id'>;

function softBudget({ soft_budget, budget_id }: Wanted): number | null {
  const amount = usdAmount('soft_budget', soft_budget);
  if (amount === null || !budget_id) return amount;
  throw badRequest('soft_budget', "'soft_budget' must not be given with 'budget_id': a budget has its own");
}

/** The budget that a new key is linked to: the one that is named, or one that is made for its soft budget. */
export async function budgetOfNewKey(
  db: Connection,
  changed: Changes,
  { wanted, by }: { readonly wanted: Wanted; readonly by: string },
): Promise<BudgetRow | null> {
  const soft_budget = softBudget(wanted);
  if (wanted.budget_id) return requireBudget(db, wanted.budget_id);
  if (soft_budget === null) return null;
  const budgetId = await makeBudget(db, changed, { columns: { soft_budget }, by });
  return (await readBudgets(db, [budgetId]))[0] ?? null;
}

/** Locks the budget that a key is linked to, before the key: so they are locked everywhere. */
export async function lockBudgetOfKey(db: Connection, hash: string, { soft_budget }: Wanted): Promise<void> {
  if (soft_budget === undefined) return;
  const budgetId = (await readKey(db, hash))?.budget_id;
  if (budgetId) await lockBudget(db, budgetId);
}

/** Whether a budget limits nobody: it is there for the soft budget of a key. */
function isSoftAlone(budget: BudgetRow): boolean {
  const { max_budget, rpm_limit, tpm_limit, max_parallel_requests, model_max_budget, budget_duration } =
    budget;
  return saysNothing({
    max_budget,
    rpm_limit,
    tpm_limit,
    max_parallel_requests,
    model_max_budget,
    budget_duration,
  });
}

interface SoftBudgetChange {
  readonly wanted: Wanted;
  /** What the key is linked to now. */
  readonly linked: string | null;
  readonly who: Identity;
  readonly by: string;
}

/**
 * Changes the soft budget of a key; what it is to be linked to, undefined where that stays. A budget that others share, or that
 * limits the key and is a proxy admin's, is not changed by way of the key.
 */
export async function changeSoftBudget(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { wanted, linked, who, by }: SoftBudgetChange,
): Promise<string | undefined> {
  const soft_budget = softBudget(wanted);
  if (wanted.soft_budget === undefined) return undefined;
  const stays = wanted.budget_id === undefined ? linked : null;
  const [budget] = stays === null ? [] : await readBudgets(db, [stays]);
  if (budget === undefined) {
    return soft_budget === null ? undefined : makeBudget(db, changed, { columns: { soft_budget }, by });
  }
  const { budget_id: budgetId } = budget;
  const own = (who.role === 'proxy_admin' || isSoftAlone(budget)) && !(await isShared(db, budgetId, deps));
  if (!own && budget.soft_budget !== soft_budget) {
    throw badRequest(
      'soft_budget',
      `'soft_budget' of this key is that of budget '${budgetId}': a proxy admin changes it by /budget/update`,
    );
  }
  if (own) await changeBudget(deps, db, changed, { budgetId, columns: { soft_budget }, by });
  return undefined;
}
