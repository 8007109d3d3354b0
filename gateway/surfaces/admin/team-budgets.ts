import type { PoolClient } from 'pg';
import { owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import { readBudgets } from '../../store/budgets-table.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import {
  linkMembership,
  lockMembership,
  readMembership,
  type TeamColumns,
  type TeamRow,
} from '../../store/teams.ts';
import type { ManagementDeps } from './change.ts';
import { type Changes, memberAt } from './changes.ts';
import { badRequest } from './faults.ts';
import { budgetColumns, changeBudget, makeBudget } from './linked-budget.ts';

/** Member of a team's metadata that names the budget which each member has who has none of its own; as in LiteLLM. */
const MEMBER_BUDGET = 'team_member_budget_id';

/** What a request says about the budget that every member of a team gets. */
export interface MemberBudgetFields {
  readonly team_member_budget?: number | '' | null;
  readonly team_member_budget_duration?: string | null;
}

/** The budget that every member of a team gets; null for none. */
export function memberBudgetOf({ metadata }: Pick<TeamRow, 'metadata'>): string | null {
  const budgetId = metadata[MEMBER_BUDGET];
  return typeof budgetId === 'string' ? budgetId : null;
}

interface MemberBudgetChange {
  readonly wanted: MemberBudgetFields;
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
  const { team_member_budget, team_member_budget_duration } = wanted;
  const budget = budgetColumns(
    {
      ...(team_member_budget !== undefined && { max_budget: team_member_budget }),
      ...(team_member_budget_duration !== undefined && { budget_duration: team_member_budget_duration }),
    },
    deps,
  );
  let budgetId = known;
  if (Object.keys(budget).length > 0) {
    const there = known && (await changeBudget(deps, db, changed, { budgetId: known, columns: budget, by }));
    if (!there) budgetId = await makeBudget(db, changed, { columns: budget, by });
  }
  if (budgetId === null || (budgetId === known && columns.metadata === undefined)) return columns;
  return { ...columns, metadata: { ...(columns.metadata ?? metadata), [MEMBER_BUDGET]: budgetId } };
}

interface MemberLimit {
  readonly team: Pick<TeamRow, 'team_id' | 'metadata'>;
  readonly userId: string;
  /** USD; null for what the team gives to every member. */
  readonly maxBudget: number | '' | null;
  readonly by: string;
}

/** Gives a member of a team, which is locked, a budget of its own. */
export async function limitMember(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { team, userId, maxBudget, by }: MemberLimit,
): Promise<void> {
  const columns = budgetColumns({ max_budget: maxBudget }, deps);
  const { budget_id: linked = null } = (await readMembership(db, team.team_id, userId)) ?? {};
  const own = linked === memberBudgetOf(team) ? null : linked;
  changed.add(subjects.user(userId));
  if (own !== null && columns.max_budget !== null) {
    await changeBudget(deps, db, changed, { budgetId: own, columns, by });
    return;
  }
  const budgetId = columns.max_budget === null ? null : await makeBudget(db, changed, { columns, by });
  const before = await lockMembership(db, team.team_id, userId);
  const row = await linkMembership(db, { teamId: team.team_id, userId, budgetId });
  if (before === undefined) changed.created(memberAt(userId), row);
  else changed.updated(memberAt(userId), before, row);
  const rules = { now: deps.clock(), nextReset: deps.nextReset };
  await followBudgets(db, [owners.member(team.team_id, userId)], rules);
}

/** USD that a member may spend in its team; null without such a limit. */
export async function limitOfMember(
  db: PoolClient,
  team: Pick<TeamRow, 'team_id' | 'metadata'>,
  userId: string,
): Promise<number | null> {
  const { budget_id: linked = null } = (await readMembership(db, team.team_id, userId)) ?? {};
  const budgetId = linked ?? memberBudgetOf(team);
  const [budget] = budgetId === null ? [] : await readBudgets(db, [budgetId]);
  return budget?.max_budget ?? null;
}
