import { randomUUID } from 'node:crypto';
import { subjects } from '../../identity/subjects.ts';
import {
  type BudgetColumns,
  type BudgetRow,
  changesAccounts,
  insertBudget,
  readBudgets,
  updateBudget,
} from '../../store/budgets-table.ts';
import type { Connection } from '../../store/connection.ts';
import { changeLinked } from '../../store/linked-budgets.ts';
import { budgetDuration, modelBudgetsOf, usdAmount } from './budget-columns.ts';
import type { ModelBudgetFields } from './budget-fields.ts';
import { type BudgetDeps, budgetRules, type ManagementDeps } from './change.ts';
import { budgetAt, type Changes } from './changes.ts';
import { badRequest } from './faults.ts';
import { type CallLimitFields, callLimitColumns } from './limit-fields.ts';
import { refuseModelLimits } from './unenforced.ts';
import { InvalidRequest } from './validation.ts';

/** Members of a request that say a budget, and limits that stand beside it. */
export interface BudgetMembers extends CallLimitFields, ModelBudgetFields {
  readonly max_budget?: number | '' | null;
  readonly soft_budget?: number | '' | null;
  readonly budget_duration?: string | null;
}

/** Fields of a request, and what a budget calls the same. */
export type BudgetNames<F> = Readonly<Record<keyof F, keyof BudgetMembers>>;

/** Those of the fields that were sent. */
export function sentOf<F>(wanted: F, names: BudgetNames<F>): readonly (keyof F)[] {
  return (Object.keys(names) as (keyof F)[]).filter((field) => wanted[field] !== undefined);
}

/** What was sent, under the names that it has in a budget. */
export function asBudget<F>(wanted: F, names: BudgetNames<F>): BudgetMembers {
  return Object.fromEntries(sentOf(wanted, names).map((field) => [names[field], wanted[field]]));
}

export function saysNothing(columns: object): boolean {
  return Object.values(columns).every((value) => value === null);
}

/** The columns that the sent fields change. A new duration gets a new time of its end. */
export function budgetColumns(
  wanted: BudgetMembers,
  { clock, nextReset }: Pick<ManagementDeps, 'clock' | 'nextReset'>,
) {
  const { max_budget, soft_budget, budget_duration, model_max_budget } = wanted;
  const now = clock();
  const duration = budget_duration === undefined ? undefined : budgetDuration(budget_duration, now);
  return {
    ...(max_budget !== undefined && { max_budget: usdAmount('max_budget', max_budget) }),
    ...(soft_budget !== undefined && { soft_budget: usdAmount('soft_budget', soft_budget) }),
    ...(duration !== undefined && {
      budget_duration: duration,
      budget_reset_at: duration === null ? null : nextReset(duration, now),
    }),
    ...(model_max_budget !== undefined && { model_max_budget: modelBudgetsOf(model_max_budget, now) }),
    ...callLimitColumns(wanted),
  };
}

/** The budget of this id, to be linked to. Throws GatewayError bad_request. */
export async function requireBudget(db: Connection, budgetId: string): Promise<BudgetRow> {
  const [budget] = await readBudgets(db, [budgetId]);
  if (budget === undefined) throw badRequest('budget_id', `There is no budget '${budgetId}'`);
  return budget;
}

/** Makes a budget that somebody is about to be linked to; its id. */
export async function makeBudget(
  db: Connection,
  changed: Changes,
  { columns, by }: { columns: BudgetColumns; by: string },
): Promise<string> {
  const budgetId = randomUUID();
  await insertBudget(db, budgetId, by);
  changed.created(budgetAt(budgetId), (await updateBudget(db, budgetId, columns, by)) as BudgetRow);
  return budgetId;
}

/** Changes a budget, and with it the limits of all that are linked to it; undefined when there is none. */
export async function changeBudget(
  deps: BudgetDeps,
  db: Connection,
  changed: Changes,
  { budgetId, columns, by }: { budgetId: string; columns: BudgetColumns; by: string },
): Promise<BudgetRow | undefined> {
  changed.add(subjects.budget(budgetId));
  return changeLinked(db, budgetId, budgetRules(deps), async (before) => {
    const row = (await updateBudget(db, budgetId, columns, by)) as BudgetRow;
    changed.updated(budgetAt(budgetId), before, row);
    if (changesAccounts(before, row)) changed.follow(budgetId);
    return row;
  });
}

/** Amounts that stand in a budget which somebody is linked to. */
export const budgetAmounts = [
  'max_budget',
  'soft_budget',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
] as const;

/** `model_max_budget` where it names models. */
export function namedModels({
  model_max_budget,
}: {
  readonly model_max_budget?: unknown;
}): readonly 'model_max_budget'[] {
  return Object.keys(model_max_budget ?? {}).length === 0 ? [] : ['model_max_budget'];
}

/** Throws InvalidRequest for a budget that is named and described at once. */
export function requireOneBudget(wanted: BudgetMembers & { readonly budget_id?: string | null }): void {
  if (!wanted.budget_id) return;
  const amounts = budgetAmounts.filter((name) => (wanted[name] ?? '') !== '');
  const [described] = [...amounts, ...namedModels(wanted)];
  if (described === undefined) return;
  const msg = "must not be given with 'budget_id': a budget has its own";
  throw new InvalidRequest([{ loc: ['body', described], msg, type: 'exclusive' }]);
}

export interface BudgetSettlement {
  /** The budget that a request names. */
  readonly named: string | null | undefined;
  /** The one that is linked to now; undefined of somebody new. */
  readonly linked: string | null | undefined;
  /** What the request says of it. */
  readonly columns: BudgetColumns;
  readonly by: string;
}

/** Finds, changes or makes the budget that a request names or describes; what its owner is to be linked to. */
export async function settleBudget(
  deps: BudgetDeps,
  db: Connection,
  changed: Changes,
  { named, linked, columns, by }: BudgetSettlement,
): Promise<string | null> {
  if (named) refuseModelLimits((await requireBudget(db, named)).model_max_budget, 'link to this budget');
  const budgetId = named || linked || null;
  if (budgetId === null) return saysNothing(columns) ? null : makeBudget(db, changed, { columns, by });
  if (Object.keys(columns).length > 0) await changeBudget(deps, db, changed, { budgetId, columns, by });
  return budgetId;
}

/** Rows with the budgets that they are linked to. */
export async function withBudgets<R extends { readonly budget_id?: unknown }>(
  db: Connection,
  linked: readonly R[],
): Promise<(R & { litellm_budget_table: BudgetRow | null })[]> {
  const ids = linked.flatMap(({ budget_id }) => (typeof budget_id === 'string' ? budget_id : []));
  const found = ids.length === 0 ? [] : await readBudgets(db, ids);
  const budgets = new Map<unknown, BudgetRow>(found.map((budget) => [budget.budget_id, budget]));
  return linked.map((row) => ({ ...row, litellm_budget_table: budgets.get(row.budget_id) ?? null }));
}
