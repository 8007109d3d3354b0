import { type Pico, picoFromUsd } from '../accounting/money.ts';
import { type Owner, type OwnerKind, scopeOf } from '../identity/owners.ts';
import { type Account, type Accounts, nameOf, readAccounts } from './accounts.ts';
import type { NextReset } from './budget-periods.ts';
import { type BudgetSetting, setBudgets } from './budgets.ts';
import { type Connection, rows } from './connection.ts';
import {
  byKind,
  isListed,
  keyLists,
  lockOwners,
  type OwnerRow,
  ownerTables,
  unnested,
} from './owner-rows.ts';

/** More than anybody spends, and all that the columns hold. */
const MOST_USD = 1e18;

/** A `max_budget` to the pico-dollar. */
export function budgetLimit(maxBudget: number): Pico {
  return picoFromUsd(Math.min(Math.max(maxBudget, 0), MOST_USD));
}

/** How budgets follow what LiteLLM's columns say. */
export interface BudgetRules {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly nextReset: NextReset;
  /** USD that customers without a budget of their own may spend; null where nothing limits them. */
  readonly endUserDefault?: number | null;
}

/** A budget as LiteLLM's columns say it. */
interface Written {
  readonly owner: Owner;
  readonly maxBudget: number | null;
  readonly softBudget: number | null;
  readonly duration: string | null;
  readonly resetAt: Date | null;
}

const ofLink = 'b.max_budget, b.soft_budget, b.budget_duration, b.budget_reset_at';

/** The budget that a member has: one of its own, else that which its team gives to every member. */
export const memberBudgetId = (member: string, team: string): string =>
  `coalesce(${member}.budget_id, ${team}.metadata ->> 'team_member_budget_id')`;

const withLink = (budgetId: string): string =>
  `LEFT JOIN "LiteLLM_BudgetTable" b ON b.budget_id = ${budgetId}`;

/** What a key lacks is filled by the budget that it is linked to. */
const ofKey = `coalesce(o.max_budget, b.max_budget) AS max_budget, b.soft_budget,
  coalesce(o.budget_duration, b.budget_duration) AS budget_duration,
  CASE WHEN o.budget_duration IS NULL THEN b.budget_reset_at ELSE o.budget_reset_at END AS budget_reset_at`;

const ofUser = 'o.max_budget, NULL::float8 AS soft_budget, o.budget_duration, o.budget_reset_at';

/** Where the budgets of a kind are written: columns of the row `o`, or of a budget that it is linked to. */
const written: Readonly<Record<OwnerKind, readonly [columns: string, join: string]>> = {
  organization: [ofLink, withLink('o.budget_id')],
  team: ['o.max_budget, o.soft_budget, o.budget_duration, o.budget_reset_at', ''],
  team_member: [
    ofLink,
    `LEFT JOIN "LiteLLM_TeamTable" t ON t.team_id = o.team_id ${withLink(memberBudgetId('o', 't'))}`,
  ],
  user: [ofUser, ''],
  global: [ofUser, ''],
  end_user: [ofLink, withLink('o.budget_id')],
  tag: [ofLink, withLink('o.budget_id')],
  key: [ofKey, withLink('o.budget_id')],
};

/**
 * What LiteLLM's columns say. A statement of its own, after the locks: only then does it see what was committed while they were
 * waited for.
 */
export async function readWritten(db: Connection, some: readonly Owner[]): Promise<readonly Written[]> {
  const all: Written[] = [];
  for (const [kind, those] of byKind(some)) {
    const { table, key } = ownerTables[kind];
    const [columns, join] = written[kind];
    const found = await rows<Record<string, unknown>>(db, {
      text: `
        SELECT ${key.map((column) => `o.${column}`).join(', ')}, ${columns}
        FROM unnest(${unnested(kind)}) AS asked (${key.join(', ')})
        JOIN ${table} o ON ${isListed(kind, 'asked')} ${join}`,
      values: [...keyLists(kind, those)],
    });
    for (const row of found) {
      all.push({
        owner: { kind, ids: key.map((column) => row[column] as string) },
        maxBudget: row.max_budget as number | null,
        softBudget: row.soft_budget as number | null,
        duration: row.budget_duration as string | null,
        resetAt: row.budget_reset_at as Date | null,
      });
    }
  }
  return all;
}

/** When the period ends that runs now. One that has begun already is not begun again by what is written about the last. */
function endOfPeriod(
  { duration, resetAt }: Written,
  account: Account | undefined,
  { now, nextReset }: BudgetRules,
): Date | null {
  if (duration === null) return null;
  const known = account?.duration === duration ? account.resets_at : null;
  const over = resetAt === null || resetAt.getTime() <= now;
  if (known !== null && (resetAt === null || (over && known.getTime() > now))) return known;
  return resetAt ?? nextReset(duration, now);
}

/** Writes the end of the first period of those who have it in their rows, and have none there. */
async function writeEnds(db: Connection, budgets: readonly Written[], ends: readonly (Date | null)[]) {
  const open = budgets.map((budget, at) => ({ ...budget, end: ends[at] ?? null }));
  for (const [kind, some] of Map.groupBy(open, ({ owner }) => owner.kind)) {
    const fresh = some.filter(({ resetAt, end }) => resetAt === null && end !== null);
    const { table, key, own } = ownerTables[kind];
    if (!own || fresh.length === 0) continue;
    await rows(db, {
      text: `
        UPDATE ${table} o SET budget_reset_at = ends.resets_at
        FROM unnest(${unnested(kind)}, $${key.length + 1}::timestamp[]) AS ends (${key.join(', ')}, resets_at)
        WHERE ${isListed(kind, 'ends')} AND o.budget_duration IS NOT NULL`,
      values: [
        ...keyLists(
          kind,
          fresh.map(({ owner }) => owner),
        ),
        fresh.map(({ end }) => end?.toISOString()),
      ],
    });
  }
}

function settingsOf(
  budgets: readonly Written[],
  { locked, accounts, rules }: { locked: readonly OwnerRow[]; accounts: Accounts; rules: BudgetRules },
): readonly BudgetSetting[] {
  const spent = new Map(locked.map(({ owner, spend }) => [nameOf(owner), picoFromUsd(spend)]));
  return budgets.map((budget) => {
    const { owner, maxBudget, softBudget, duration } = budget;
    const account = accounts.get(nameOf(owner));
    const fallback = owner.kind === 'end_user' ? (rules.endUserDefault ?? null) : null;
    const most = maxBudget ?? fallback;
    return {
      scope: account?.scope ?? scopeOf(owner),
      token: owner.kind === 'key' ? (owner.ids[0] as string) : null,
      limit: most === null ? null : budgetLimit(most),
      soft: softBudget === null ? null : budgetLimit(softBudget),
      spent: spent.get(nameOf(owner)) ?? 0n,
      duration,
      resetsAt: endOfPeriod(budget, account, rules),
    };
  });
}

/**
 * Makes the budgets of these owners what LiteLLM's columns say, inside the caller's transaction: after they were changed, and
 * where another program has written there. What is spent is read from an owner's row only where the budget is new. Owners
 * without a row are left out.
 */
export async function followBudgets(
  db: Connection,
  some: readonly Owner[],
  rules: BudgetRules,
): Promise<void> {
  const locked = await lockOwners(db, some);
  if (locked.length === 0) return;
  const present = locked.map(({ owner }) => owner);
  const budgets = await readWritten(db, present);
  const settings = settingsOf(budgets, { locked, accounts: await readAccounts(db, present), rules });
  await writeEnds(
    db,
    budgets,
    settings.map(({ resetsAt }) => resetsAt),
  );
  await setBudgets(db, settings);
}
