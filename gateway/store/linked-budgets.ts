import type { Pool } from 'pg';
import { type Owner, owners } from '../identity/owners.ts';
import { type Account, nameOf, readAccounts } from './accounts.ts';
import { type BudgetRow, lockBudget } from './budgets-table.ts';
import { type Connection, rows, transaction } from './connection.ts';
import { catchUpWithDefault, isEndUserDefault } from './default-budget.ts';
import { type BudgetRules, followBudgets } from './follow-budgets.ts';

/** Budgets whose end is moved on in one transaction. */
const BATCH = 100;

interface Linked {
  readonly kind: 'organization' | 'organization_member' | 'end_user' | 'tag' | 'key' | 'member';
  readonly id: string;
  readonly member: string | null;
}

function ownerOfLink({ kind, id, member }: Linked): Owner {
  if (kind === 'member') return owners.member(id, member as string);
  if (kind === 'organization_member') return owners.organizationMember(id, member as string);
  if (kind === 'key') return owners.key(id);
  if (kind === 'tag') return owners.tag(id);
  return kind === 'end_user' ? owners.endUser(id) : owners.organization(id);
}

/** Everybody who is linked to one of these budgets; not who has it by default. */
async function linkedOwners(db: Connection, budgetIds: readonly string[]): Promise<readonly Owner[]> {
  const found = await rows<Linked>(db, {
    text: `
      SELECT 'organization' AS kind, organization_id AS id, NULL AS member
      FROM "LiteLLM_OrganizationTable" WHERE budget_id = ANY ($1)
      UNION ALL SELECT 'organization_member', organization_id, user_id
      FROM "LiteLLM_OrganizationMembership" WHERE budget_id = ANY ($1)
      UNION ALL SELECT 'end_user', user_id, NULL FROM "LiteLLM_EndUserTable" WHERE budget_id = ANY ($1)
      UNION ALL SELECT 'tag', tag_name, NULL FROM "LiteLLM_TagTable" WHERE budget_id = ANY ($1)
      UNION ALL SELECT 'key', token, NULL FROM "LiteLLM_VerificationToken" WHERE budget_id = ANY ($1)
      UNION ALL SELECT 'member', team_id, user_id FROM "LiteLLM_TeamMembership" WHERE budget_id = ANY ($1)
      UNION ALL SELECT 'member', m.team_id, m.user_id FROM "LiteLLM_TeamTable" t
      JOIN "LiteLLM_TeamMembership" m ON m.team_id = t.team_id AND m.budget_id IS NULL
      WHERE t.metadata ->> 'team_member_budget_id' = ANY ($1)`,
    values: [budgetIds],
  });
  return found.map(ownerOfLink);
}

/** Whether several have this budget: an imported one may be that of all members who were added at once. */
export async function isShared(
  db: Connection,
  budgetId: string,
  rules: Pick<BudgetRules, 'endUserDefault'>,
): Promise<boolean> {
  return isEndUserDefault(budgetId, rules) || (await linkedOwners(db, [budgetId])).length > 1;
}

/** Those of whom the gateway counts what they spend already, or those of whom it does not. */
async function withAccount(db: Connection, some: readonly Owner[], have: boolean): Promise<readonly Owner[]> {
  const accounts: ReadonlyMap<string, Account> = await readAccounts(db, some);
  return some.filter((owner) => accounts.has(nameOf(owner)) === have);
}

/** The period of a budget is over, and nobody has noticed yet. */
export class PeriodIsOver extends Error {
  override readonly name = 'PeriodIsOver';
}

/**
 * Changes a budget, which is locked, by `work`, and makes the budgets of all who were linked to it what the columns say then;
 * those of customers who have it by default follow afterwards (`followDefault`). Undefined when there is no such budget. Throws
 * PeriodIsOver where a reset is due, which is nobody's to lose by the change: `moveEnds` has to come first.
 */
export async function changeLinked<T>(
  db: Connection,
  budgetId: string,
  rules: BudgetRules,
  work: (before: BudgetRow) => Promise<T>,
): Promise<T | undefined> {
  const before = await lockBudget(db, budgetId);
  if (before === undefined) return undefined;
  const { budget_duration, budget_reset_at: end } = before;
  if (budget_duration !== null && end !== null && new Date(end).getTime() <= rules.now) {
    throw new PeriodIsOver();
  }
  const linked = await linkedOwners(db, [budgetId]);
  const result = await work(before);
  // Whoever has no account gets it when it calls; it is made from the columns.
  await followBudgets(db, await withAccount(db, linked, true), rules);
  return result;
}

interface Due {
  readonly budget_id: string;
  readonly budget_duration: string;
}

/**
 * Moves on the ends of budgets that others are linked to, where they are over: the periods of these are begun one by one, and
 * those that have no account get one first, so that none misses its reset. An end stays where this is aborted before all have.
 */
export async function moveEnds(pool: Pool, rules: BudgetRules, closing?: AbortSignal): Promise<void> {
  const now = new Date(rules.now).toISOString();
  const condition = 'budget_reset_at <= $1 AND budget_duration IS NOT NULL';
  const found = await rows<Due>(pool, {
    name: 'due_linked_budgets',
    text: `
      SELECT budget_id, budget_duration FROM "LiteLLM_BudgetTable" WHERE ${condition}
      ORDER BY budget_id LIMIT ${BATCH}`,
    values: [now],
  });
  if (found.length === 0) return;
  const byDefault = found.find(({ budget_id }) => isEndUserDefault(budget_id, rules));
  if (byDefault !== undefined) {
    await catchUpWithDefault(pool, { rules, duration: byDefault.budget_duration, closing });
  }
  if (closing?.aborted) return;
  await transaction(pool, async (db) => {
    const due = await rows<Due>(db, {
      text: `
        SELECT budget_id, budget_duration FROM "LiteLLM_BudgetTable" WHERE ${condition} AND budget_id = ANY ($2)
        ORDER BY budget_id FOR NO KEY UPDATE`,
      values: [now, found.map(({ budget_id }) => budget_id)],
    });
    const linked = await linkedOwners(
      db,
      due.map(({ budget_id }) => budget_id),
    );
    await followBudgets(db, await withAccount(db, linked, false), rules);
    await rows(db, {
      text: `
        UPDATE "LiteLLM_BudgetTable" b SET budget_reset_at = next.resets_at
        FROM unnest($1::text[], $2::timestamp[]) AS next (budget_id, resets_at) WHERE b.budget_id = next.budget_id`,
      values: [
        due.map(({ budget_id }) => budget_id),
        due.map(({ budget_duration }) => rules.nextReset(budget_duration, rules.now).toISOString()),
      ],
    });
  });
}
