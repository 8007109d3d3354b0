import { randomUUID } from 'node:crypto';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { subjects } from '../../identity/subjects.ts';
import {
  type BudgetColumns,
  type BudgetRow,
  deleteBudget,
  insertBudget,
  listBudgets,
  readBudgets,
  updateBudget,
} from '../../store/budgets-table.ts';
import { isEndUserDefault } from '../../store/default-budget.ts';
import { changeLinked } from '../../store/linked-budgets.ts';
import { limitsOrganization } from '../../store/organizations.ts';
import { budgetDuration, modelBudgetsOf } from './budget-columns.ts';
import { type ModelBudgetFields, modelBudgetFields } from './budget-fields.ts';
import { budgetRules, change, changedBy, type ManagementDeps } from './change.ts';
import { budgetAt } from './changes.ts';
import { badRequest, notFound } from './faults.ts';
import { LONGEST_ID } from './key-requests.ts';
import { changeBudget } from './linked-budget.ts';
import { management } from './management.ts';
import { refuseModelLimits } from './unenforced.ts';
import { bodyReader } from './validation.ts';

type BudgetRoutes = Pick<
  Handlers,
  'newBudget' | 'budgetInfo' | 'updateBudget' | 'deleteBudget' | 'listBudgets'
>;

interface BudgetRequest extends ModelBudgetFields {
  readonly budget_id?: string | null;
  readonly max_budget?: number | null;
  readonly soft_budget?: number | null;
  readonly max_parallel_requests?: number | null;
  readonly tpm_limit?: number | null;
  readonly rpm_limit?: number | null;
  readonly budget_duration?: string | null;
  readonly budget_reset_at?: string | null;
}

const number = { type: ['number', 'null'] } as const;
const integer = { type: ['integer', 'null'], maximum: Number.MAX_SAFE_INTEGER } as const;
const text = { type: ['string', 'null'] } as const;

const readBudget = bodyReader<BudgetRequest>({
  type: 'object',
  properties: {
    budget_id: { type: ['string', 'null'], maxLength: LONGEST_ID },
    max_budget: number,
    soft_budget: number,
    max_parallel_requests: { type: ['integer', 'null'], maximum: 2 ** 31 - 1 },
    tpm_limit: integer,
    rpm_limit: integer,
    budget_duration: text,
    budget_reset_at: text,
    ...modelBudgetFields,
  },
});

const readBudgetIds = bodyReader<{ readonly budgets: readonly string[] }>({
  type: 'object',
  required: ['budgets'],
  properties: { budgets: { type: 'array', items: { type: 'string' } } },
});

const readDelete = bodyReader<{ readonly id: string }>({
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string' } },
});

const amounts = ['max_budget', 'soft_budget', 'max_parallel_requests', 'tpm_limit', 'rpm_limit'] as const;

function resetAt(wanted: BudgetRequest, { clock, nextReset }: ManagementDeps): Date | null | undefined {
  if (wanted.budget_reset_at) {
    const asked = new Date(wanted.budget_reset_at);
    if (Number.isNaN(asked.getTime())) {
      throw badRequest('budget_reset_at', "'budget_reset_at' must be a time as in ISO 8601");
    }
    return asked;
  }
  if (wanted.budget_duration !== undefined) {
    const duration = budgetDuration(wanted.budget_duration, clock());
    return duration === null ? null : nextReset(duration, clock());
  }
  return wanted.budget_reset_at === undefined ? undefined : null;
}

/** The columns that the sent fields change. Throws GatewayError bad_request, naming the field. */
function columnsOf(wanted: BudgetRequest, deps: ManagementDeps): BudgetColumns {
  const columns: Record<string, unknown> = {};
  for (const name of amounts) {
    const amount = wanted[name];
    if (amount === undefined) continue;
    if (amount !== null && amount < 0) throw badRequest(name, `'${name}' must not be negative`);
    columns[name] = amount;
  }
  const { budget_duration, model_max_budget } = wanted;
  if (budget_duration !== undefined) columns.budget_duration = budget_duration || null;
  if (model_max_budget !== undefined) {
    refuseModelLimits(model_max_budget, 'budget');
    columns.model_max_budget = model_max_budget && modelBudgetsOf(model_max_budget, deps.clock());
  }
  const reset = resetAt(wanted, deps);
  return reset === undefined ? columns : { ...columns, budget_reset_at: reset };
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readBudget(request.body);
  const columns = columnsOf(wanted, deps);
  const budgetId = wanted.budget_id || randomUUID();
  const by = changedBy(request, who);
  return change(deps, by, async (db, changed) => {
    if (!(await insertBudget(db, budgetId, by.userId))) {
      throw badRequest('budget_id', `A budget with the id '${budgetId}' exists already`);
    }
    const row = (await updateBudget(db, budgetId, columns, by.userId)) as BudgetRow;
    changed.created(budgetAt(budgetId), row);
    return row;
  });
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readBudget(request.body);
  const budgetId = wanted.budget_id;
  if (!budgetId) throw badRequest('budget_id', "'budget_id' is required");
  const columns = columnsOf(wanted, deps);
  const by = changedBy(request, who);
  return change(deps, by, async (db, changed) => {
    const row = await changeBudget(deps, db, changed, { budgetId, columns, by: by.userId });
    if (row === undefined) throw notFound('budget_id', `There is no budget '${budgetId}'`);
    return row;
  });
}

async function info({ db }: ManagementDeps, request: GatewayRequest) {
  const { budgets } = readBudgetIds(request.body);
  if (budgets.length === 0) throw badRequest('budgets', "'budgets' must name at least one budget");
  return readBudgets(db, budgets);
}

async function remove(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const { id } = readDelete(request.body);
  const rules = budgetRules(deps);
  return change(deps, changedBy(request, who), async (db, changed) => {
    changed.add(subjects.budget(id));
    if (await limitsOrganization(db, id)) {
      throw badRequest('id', `An organisation is linked to budget '${id}', and has to have one`);
    }
    if (isEndUserDefault(id, deps)) {
      const setting = 'litellm_settings.max_end_user_budget_id';
      throw badRequest(
        'id',
        `Customers have budget '${id}' by ${setting}: take it out of the configuration first`,
      );
    }
    const row = await changeLinked(db, id, rules, () => deleteBudget(db, id) as Promise<BudgetRow>);
    if (row === undefined) throw notFound('id', `There is no budget '${id}'`);
    changed.deleted(budgetAt(id), row);
    return row;
  });
}

/** The handlers of `/budget/*`. A budget limits nothing by itself, but what is linked to it. */
export function budgetHandlers(deps: ManagementDeps): BudgetRoutes {
  const errors = 'detail';
  return {
    newBudget: management((request, who) => create(deps, request, who), { body: readBudget, errors }),
    updateBudget: management((request, who) => update(deps, request, who), { body: readBudget, errors }),
    budgetInfo: management((request) => info(deps, request), { body: readBudgetIds, errors }),
    listBudgets: management(() => listBudgets(deps.db) as Promise<unknown>, { errors }),
    deleteBudget: management((request, who) => remove(deps, request, who), { body: readDelete, errors }),
  };
}
