import type { Handlers } from '../../http/handler.ts';
import { readBudgets } from '../../store/budgets-table.ts';
import type { ManagementDeps } from './change.ts';
import { notFound } from './faults.ts';
import { management } from './management.ts';
import { queryReader } from './validation.ts';

const readQuery = queryReader<{ readonly budget_id: string }>({
  type: 'object',
  required: ['budget_id'],
  properties: { budget_id: { type: 'string' } },
});

/** What a budget can say, by LiteLLM's names of types. */
const settings = [
  ['max_parallel_requests', 'Integer', 'Calls at the same time'],
  ['tpm_limit', 'Integer', 'Tokens in any 60 seconds'],
  ['rpm_limit', 'Integer', 'Calls in any 60 seconds'],
  ['budget_duration', 'String', 'How long max_budget lasts until it begins anew, such as 1d, 7d, 30d or 1mo'],
  ['max_budget', 'Float', 'USD that calls may cost in that time'],
  ['soft_budget', 'Float', 'USD from which on an alert is sent; calls go on'],
  ['model_max_budget', 'Object', 'USD for single models'],
] as const;

/** The handler of `/budget/settings`: each setting of a budget, and what it is. */
export function budgetSettingsHandlers({ db }: ManagementDeps): Pick<Handlers, 'budgetSettings'> {
  return {
    budgetSettings: management(
      async (request) => {
        const { budget_id: id } = readQuery(request.query);
        const [budget] = await readBudgets(db, [id]);
        if (budget === undefined) throw notFound('budget_id', `There is no budget '${id}'`);
        return settings.map(([field_name, field_type, field_description]) => ({
          field_name,
          field_type,
          field_description,
          field_value: budget[field_name] ?? null,
          stored_in_db: (budget[field_name] ?? null) !== null,
          field_default_value: null,
        }));
      },
      { errors: 'detail' },
    ),
  };
}
