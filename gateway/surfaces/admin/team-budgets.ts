import type { PoolClient } from 'pg';
import type { TeamColumns, TeamRow } from '../../store/teams.ts';
import type { ManagementDeps } from './change.ts';
import type { Changes } from './changes.ts';
import { badRequest } from './faults.ts';
import {
  asBudget,
  type BudgetNames,
  budgetColumns,
  changeBudget,
  makeBudget,
  saysNothing,
  sentOf,
} from './linked-budget.ts';

/** Member of a team's metadata that names the budget which each member has who has none of its own; as in LiteLLM. */
export const MEMBER_BUDGET = 'team_member_budget_id';

/** What a request says about the budget and the limits of every member of a team. */
export interface MembersFields {
  readonly team_member_budget?: number | '' | null;
  readonly team_member_budget_duration?: string | null;
  readonly team_member_rpm_limit?: number | null;
  readonly team_member_tpm_limit?: number | null;
}

const ofMembers: BudgetNames<MembersFields> = {
  team_member_budget: 'max_budget',
  team_member_budget_duration: 'budget_duration',
  team_member_rpm_limit: 'rpm_limit',
  team_member_tpm_limit: 'tpm_limit',
};

/** The first field of a request that limits every member of a team. */
export function limitOfMembers(wanted: MembersFields): keyof MembersFields | undefined {
  return sentOf(wanted, ofMembers)[0];
}

/** The budget that every member of a team gets; null for none. */
export function memberBudgetOf({ metadata }: Pick<TeamRow, 'metadata'>): string | null {
  const budgetId = metadata[MEMBER_BUDGET];
  return typeof budgetId === 'string' ? budgetId : null;
}

interface MemberBudgetChange {
  readonly wanted: MembersFields;
  readonly columns: TeamColumns;
  /** The team's metadata as they are. */
  readonly metadata: TeamRow['metadata'];
  readonly by: string;
}

/**
 * Makes or changes the budget that every member of a team gets, and notes it in the team's metadata, where it stays when
 * others are sent. Returns the columns with that.
 */
export async function withMemberBudget(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { wanted, columns, metadata, by }: MemberBudgetChange,
): Promise<TeamColumns> {
  const known = memberBudgetOf({ metadata });
  const named = columns.metadata?.[MEMBER_BUDGET];
  if (named !== undefined && named !== known) {
    throw badRequest('metadata', `'${MEMBER_BUDGET}' is set by 'team_member_budget'`);
  }
  const budget = budgetColumns(asBudget(wanted, ofMembers), deps);
  let budgetId = known;
  if (Object.keys(budget).length > 0) {
    const there = known && (await changeBudget(deps, db, changed, { budgetId: known, columns: budget, by }));
    if (!there && !saysNothing(budget)) budgetId = await makeBudget(db, changed, { columns: budget, by });
  }
  if (budgetId === null || (budgetId === known && columns.metadata === undefined)) return columns;
  return { ...columns, metadata: { ...(columns.metadata ?? metadata), [MEMBER_BUDGET]: budgetId } };
}
