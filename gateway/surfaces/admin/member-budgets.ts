import { isDeepStrictEqual } from 'node:util';
import type { PoolClient } from 'pg';
import { owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import { type BudgetColumns, type BudgetRow, readBudgets } from '../../store/budgets-table.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { isShared } from '../../store/linked-budgets.ts';
import { linkMembership, lockMembership, readMembership, type TeamRow } from '../../store/teams.ts';
import { budgetRules, type ManagementDeps } from './change.ts';
import { type Changes, memberAt } from './changes.ts';
import type { RateFields } from './limit-fields.ts';
import {
  asBudget,
  type BudgetNames,
  budgetColumns,
  changeBudget,
  makeBudget,
  saysNothing,
  sentOf,
} from './linked-budget.ts';
import { memberBudgetOf } from './team-budgets.ts';

/** What a request says about the budget and the limits of one member in a team. */
export interface MemberFields extends RateFields {
  /** USD. */
  readonly max_budget_in_team?: number | '' | null;
}

const ofMember: BudgetNames<MemberFields> = {
  max_budget_in_team: 'max_budget',
  rpm_limit: 'rpm_limit',
  tpm_limit: 'tpm_limit',
};

/** The first field of a request that limits a member. */
export function limitOfMember(wanted: MemberFields): keyof MemberFields | undefined {
  return sentOf(wanted, ofMember)[0];
}

interface MemberLimit {
  readonly team: Pick<TeamRow, 'team_id' | 'metadata'>;
  readonly userId: string;
  readonly wanted: MemberFields;
  readonly by: string;
}

/** The budgets of a member: its own, that of all members, and the one of these that holds it. */
async function budgetsOf(db: PoolClient, { team, userId }: Pick<MemberLimit, 'team' | 'userId'>) {
  const { budget_id: linked = null } = (await readMembership(db, team.team_id, userId)) ?? {};
  const found = await readBudgets(
    db,
    [linked, memberBudgetOf(team)].flatMap((id) => id ?? []),
  );
  const byId = (id: string | null): BudgetRow | null =>
    found.find(({ budget_id }) => budget_id === id) ?? null;
  const [own, ofAll] = [byId(linked), byId(memberBudgetOf(team))];
  return { own, ofAll, held: own ?? ofAll };
}

/** What somebody may spend, and in which time. */
function spendingOf(budget: BudgetRow | null): BudgetColumns {
  const { max_budget = null, budget_duration = null, budget_reset_at = null } = budget ?? {};
  return { max_budget, budget_duration, budget_reset_at };
}

const compared = [
  'max_budget',
  'budget_duration',
  'model_max_budget',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
] as const;

/** Whether two budgets hold somebody in the same way. */
function holdsAlike(one: BudgetColumns, other: BudgetColumns): boolean {
  return compared.every((column) => isDeepStrictEqual(one[column] ?? null, other[column] ?? null));
}

/**
 * Gives a member of a team, which is locked, a budget and limits of its own, in a row that begins as the one that holds it until
 * then. A row that is made for an amount has no period, as in LiteLLM. Null for the amount gives back what all members may
 * spend, and a member that then differs in nothing from them has none of its own.
 */
export async function limitMember(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { team, userId, wanted, by }: MemberLimit,
): Promise<void> {
  const sent: BudgetColumns = budgetColumns(asBudget(wanted, ofMember), deps);
  if (Object.keys(sent).length === 0) return;
  const { own, ofAll, held } = await budgetsOf(db, { team, userId });
  const back = sent.max_budget === null;
  const columns: BudgetColumns = { ...sent, ...(back && spendingOf(ofAll)) };
  changed.add(subjects.user(userId));
  const alone = own !== null && own.budget_id !== ofAll?.budget_id && !(await isShared(db, own.budget_id));
  const same = back && holdsAlike({ ...held, ...columns }, ofAll ?? {});
  if (own === null && (same || (held === null && saysNothing(columns)))) return;
  if (alone && !same) {
    await changeBudget(deps, db, changed, { budgetId: own.budget_id, columns, by });
    return;
  }
  const period = typeof sent.max_budget === 'number' && { budget_duration: null, budget_reset_at: null };
  const begin = { ...held, ...period, ...columns };
  const budgetId = same ? null : await makeBudget(db, changed, { columns: begin, by });
  const before = await lockMembership(db, team.team_id, userId);
  const row = await linkMembership(db, { teamId: team.team_id, userId, budgetId });
  if (before === undefined) changed.created(memberAt(userId), row);
  else changed.updated(memberAt(userId), before, row);
  await followBudgets(db, [owners.member(team.team_id, userId)], budgetRules(deps));
}

/** What holds a member in its team, as the API answers it; null where nothing does. */
export async function limitsOfMember(db: PoolClient, team: MemberLimit['team'], userId: string | null) {
  const held = userId === null ? null : (await budgetsOf(db, { team, userId })).held;
  return {
    max_budget_in_team: held?.max_budget ?? null,
    tpm_limit: held?.tpm_limit ?? null,
    rpm_limit: held?.rpm_limit ?? null,
  };
}
