import type { BudgetPart } from '../../identity/budget-parts.ts';
import type { Owner } from '../../identity/owners.ts';
import type { Connection } from '../../store/connection.ts';
import { readPartSpend } from '../../store/part-spend.ts';

interface WithParts {
  readonly budget_limits?: unknown;
}

/**
 * The row of an owner with what its windows and models have spent, in USD: `spend` and `reset_at` beside each window, and
 * `model_spend`.
 */
export async function withPartSpend<R extends WithParts>(db: Connection, owner: Owner, row: R) {
  const parts = await readPartSpend(db, owner);
  if (parts.length === 0) return row;
  const found = (kind: BudgetPart['kind']) =>
    new Map(parts.filter(({ part }) => part.kind === kind).map((each) => [each.part.name, each]));
  const windows = found('window');
  const { budget_limits: limits } = row;
  return {
    ...row,
    budget_limits: Array.isArray(limits)
      ? limits.map((window) => {
          const { spend = 0, resetAt = null } = windows.get(String(window?.budget_duration)) ?? {};
          return { ...window, spend, reset_at: resetAt };
        })
      : limits,
    model_spend: Object.fromEntries([...found('model')].map(([model, { spend }]) => [model, spend])),
  };
}
