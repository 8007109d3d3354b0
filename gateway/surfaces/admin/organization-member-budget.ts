import type { PoolClient } from 'pg';
import { owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import { type BudgetColumns, lockBudget, readBudgets } from '../../store/budgets-table.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { isShared } from '../../store/linked-budgets.ts';
import { linkMember, type OrganizationMemberRow, readMember } from '../../store/organization-members.ts';
import { usersByEmail } from '../../store/users.ts';
import { usdAmount } from './budget-columns.ts';
import { budgetRules, type ManagementDeps } from './change.ts';
import { type Changes, organizationMemberAt } from './changes.ts';
import { budgetAmounts, changeBudget, makeBudget, namedModels } from './linked-budget.ts';
import type { OrganizationMemberBudget } from './organization-requests.ts';
import type { NamedPerson } from './people.ts';

const FIELD = 'max_budget_in_organization';

interface MemberLimit {
  readonly organizationId: string;
  readonly userId: string;
  readonly wanted: OrganizationMemberBudget;
  readonly by: string;
}

/** Whether somebody who is linked to such a budget could as well be linked to none. */
const limitsNothing = (columns: BudgetColumns): boolean =>
  namedModels(columns).length === 0 && budgetAmounts.every((amount) => (columns[amount] ?? null) === null);

/** Locks the budget of a member whose amount a request changes, until the transaction ends. */
export async function lockBudgetOfMember(
  db: PoolClient,
  organizationId: string,
  wanted: OrganizationMemberBudget & NamedPerson,
): Promise<void> {
  if (wanted[FIELD] === undefined) return;
  // Whose it is matters once the organisation is locked, and addresses are locked after that.
  const [found] = !wanted.user_id && wanted.user_email ? await usersByEmail(db, wanted.user_email) : [];
  const userId = wanted.user_id || found?.user_id;
  const member = userId === undefined ? undefined : await readMember(db, organizationId, userId);
  if (member?.budget_id) await lockBudget(db, member.budget_id);
}

/**
 * Gives a member of an organisation a budget of its own; null for the amount takes it away. A budget that others share, as
 * LiteLLM makes one for all who are added at once, is left to them; what it says beside the amount goes on in a copy. The row
 * as it is then; undefined of somebody who is no member. The organisation and the budget are locked, the membership is not: it
 * is linked to the budget, and comes after it.
 */
export async function limitOrganizationMember(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { organizationId, userId, wanted, by }: MemberLimit,
): Promise<OrganizationMemberRow | undefined> {
  const before = await readMember(db, organizationId, userId);
  if (before === undefined || wanted[FIELD] === undefined) return before;
  const max_budget = usdAmount(FIELD, wanted[FIELD]);
  changed.add(subjects.user(userId));
  const { budget_id: linked } = before;
  if (linked === null && max_budget === null) return before;
  if (linked !== null && !(await isShared(db, linked, deps))) {
    await changeBudget(deps, db, changed, { budgetId: linked, columns: { max_budget }, by });
    return before;
  }
  const [shared] = linked === null ? [] : await readBudgets(db, [linked]);
  const columns = { ...shared, max_budget };
  const budgetId = limitsNothing(columns) ? null : await makeBudget(db, changed, { columns, by });
  const row = await linkMember(db, { organizationId, userId, budgetId });
  if (row !== undefined) changed.updated(organizationMemberAt(userId), before, row);
  await followBudgets(db, [owners.organizationMember(organizationId, userId)], budgetRules(deps));
  return row;
}
