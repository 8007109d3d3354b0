import { type Pico, picoFromUsd } from '../accounting/money.ts';
import type { EndUserDefault } from '../config/config.ts';
import { scopeOfPart } from '../identity/budget-parts.ts';
import { type Owner, type OwnerKind, scopeOf } from '../identity/owners.ts';
import {
  readIncrease,
  readModelBudgets,
  readWindows,
  type WrittenBudget,
} from '../identity/written-budgets.ts';
import { type Account, type Accounts, lockAccounts, nameOf, ownerOfBudget } from './accounts.ts';
import { beginDue, type NextReset } from './budget-periods.ts';
import { type BudgetSetting, setBudgets } from './budgets.ts';
import { type Connection, rows } from './connection.ts';
import {
  byKind,
  isListed,
  keyLists,
  lockOwners,
  type OwnerRow,
  ownerTables,
  showSpent,
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
  /** What customers have who have no budget of their own; null for nothing. */
  readonly endUserDefault: EndUserDefault | null;
}

/** What is enforced of what is written, in pico-dollars; null where nothing is limited. */
export function limitOf({ maxBudget }: WrittenBudget): Pico | null {
  return maxBudget === null ? null : budgetLimit(maxBudget);
}

export function softOf({ softBudget }: WrittenBudget): Pico | null {
  return softBudget === null ? null : budgetLimit(softBudget);
}

export function increaseOf({ increase }: WrittenBudget): BudgetSetting['increase'] {
  return increase && { amount: budgetLimit(increase.amount), until: increase.until };
}

/** A budget of an owner, as LiteLLM's columns say it. */
interface Written extends WrittenBudget {
  readonly owner: Owner;
}

const ofRow = 'o.max_budget, o.budget_duration, o.budget_reset_at';
const ofLink = 'b.max_budget, b.soft_budget, b.budget_duration, b.budget_reset_at, b.model_max_budget';

/** The budget that a member has: one of its own, else that which its team gives to every member. */
export const memberBudgetId = (member: string, team: string): string =>
  `coalesce(${member}.budget_id, ${team}.metadata ->> 'team_member_budget_id')`;

/** The budget that a customer has: one of its own, else that which `fallback` (SQL; null for none) names. */
export const endUserBudgetId = (endUser: string, fallback: string): string =>
  `coalesce(${endUser}.budget_id, ${fallback})`;

/** The budgets of single models that a key has: its own, else those of the budget that it is linked to. */
export const keyModelBudgets = (key: string, budget: string): string =>
  `coalesce(nullif(${key}.model_max_budget, '{}'), ${budget}.model_max_budget)`;

const withLink = (budgetId: string): string =>
  `LEFT JOIN "LiteLLM_BudgetTable" b ON b.budget_id = ${budgetId}`;

/** What a key lacks is filled by the budget that it is linked to. */
const ofKey = `coalesce(o.max_budget, b.max_budget) AS max_budget, b.soft_budget,
  coalesce(o.budget_duration, b.budget_duration) AS budget_duration,
  CASE WHEN o.budget_duration IS NULL THEN b.budget_reset_at ELSE o.budget_reset_at END AS budget_reset_at,
  o.budget_limits, ${keyModelBudgets('o', 'b')} AS model_max_budget, o.metadata`;

/** Where the budgets of a kind are written: columns of the row `o`, or of a budget that it is linked to. */
const written: Readonly<Record<OwnerKind, readonly [columns: string, join: string]>> = {
  organization: [ofLink, withLink('o.budget_id')],
  organization_member: [ofLink, withLink('o.budget_id')],
  team: [`${ofRow}, o.soft_budget, o.budget_limits`, ''],
  team_member: [
    ofLink,
    `LEFT JOIN "LiteLLM_TeamTable" t ON t.team_id = o.team_id ${withLink(memberBudgetId('o', 't'))}`,
  ],
  user: [`${ofRow}, o.model_max_budget`, ''],
  global: [ofRow, ''],
  end_user: [ofLink, withLink(endUserBudgetId('o', 'fallback.end_user_budget'))],
  tag: [ofLink, withLink('o.budget_id')],
  key: [ofKey, withLink('o.budget_id')],
};

/** The whole of an owner, and its parts. A kind that cannot have some of them has no such columns. */
function readBudgets(row: Record<string, unknown>): readonly WrittenBudget[] {
  const whole = {
    part: null,
    maxBudget: row.max_budget as number | null,
    softBudget: (row.soft_budget ?? null) as number | null,
    increase: readIncrease(row.metadata),
    duration: row.budget_duration as string | null,
    resetAt: row.budget_reset_at as Date | null,
  };
  return [whole, ...readWindows(row.budget_limits), ...readModelBudgets(row.model_max_budget)];
}

/**
 * What LiteLLM's columns say. A statement of its own, after the locks: only then does it see what was committed while they were
 * waited for.
 */
export async function readWritten(
  db: Connection,
  some: readonly Owner[],
  { endUserDefault }: Pick<BudgetRules, 'endUserDefault'>,
): Promise<readonly Written[]> {
  const all: Written[] = [];
  for (const [kind, those] of byKind(some)) {
    const { table, key } = ownerTables[kind];
    const [columns, join] = written[kind];
    const found = await rows<Record<string, unknown>>(db, {
      text: `
        SELECT ${key.map((column) => `o.${column}`).join(', ')}, ${columns}
        FROM unnest(${unnested(kind)}) AS asked (${key.join(', ')})
        CROSS JOIN (SELECT $${key.length + 1}::text AS end_user_budget) AS fallback
        JOIN ${table} o ON ${isListed(kind, 'asked')} ${join}`,
      values: [...keyLists(kind, those), endUserDefault?.budgetId ?? null],
    });
    for (const row of found) {
      const owner = { kind, ids: key.map((column) => row[column] as string) };
      all.push(...readBudgets(row).map((budget) => ({ owner, ...budget })));
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

/** Writes the end of the period that runs where it stands in the rows of owners, and another one or none stands there. */
async function writeEnds(db: Connection, budgets: readonly Written[], ends: readonly (Date | null)[]) {
  const open = budgets.map((budget, at) => ({ ...budget, end: ends[at] ?? null }));
  for (const [kind, some] of Map.groupBy(open, ({ owner }) => owner.kind)) {
    const fresh = some.filter(
      ({ part, resetAt, end }) => part === null && end !== null && end.getTime() !== resetAt?.getTime(),
    );
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

interface Known {
  readonly locked: readonly OwnerRow[];
  readonly accounts: Accounts;
  readonly rules: BudgetRules;
}

function settingsOf(budgets: readonly Written[], { locked, accounts, rules }: Known): BudgetSetting[] {
  const spent = new Map(locked.map(({ owner, spend }) => [nameOf(owner), picoFromUsd(spend)]));
  return budgets.map((budget) => {
    const { owner, part, duration } = budget;
    const account = accounts.get(nameOf(owner, part));
    const whole = accounts.get(nameOf(owner))?.scope ?? scopeOf(owner);
    const isWhole = part === null;
    const fallback = isWhole && owner.kind === 'end_user' ? (rules.endUserDefault?.maxBudget ?? null) : null;
    return {
      scope: isWhole ? whole : scopeOfPart(part, whole),
      token: isWhole && owner.kind === 'key' ? (owner.ids[0] as string) : null,
      partOf: isWhole ? null : whole,
      limit: limitOf({ ...budget, maxBudget: budget.maxBudget ?? fallback }),
      increase: increaseOf(budget),
      soft: softOf(budget),
      // What was spent before there was a part is not known of it: it begins at nothing.
      spent: isWhole ? (spent.get(nameOf(owner)) ?? 0n) : 0n,
      duration,
      resetsAt: endOfPeriod(budget, account, rules),
    };
  });
}

/**
 * Parts that are not written any more. They limit nothing, and go on counting: a call that waits for one is not refused for
 * that, and one that is written again has lost nothing.
 */
function droppedParts(budgets: readonly Written[], accounts: Accounts): BudgetSetting[] {
  const kept = new Set(budgets.map(({ owner, part }) => nameOf(owner, part)));
  return [...accounts].flatMap(([name, { scope, part_of, duration, resets_at }]) =>
    part_of === null || kept.has(name)
      ? []
      : [
          {
            scope,
            token: null,
            partOf: part_of,
            limit: null,
            increase: null,
            spent: 0n,
            duration,
            resetsAt: resets_at,
          },
        ],
  );
}

/**
 * The accounts of owners that are locked. What was to be reset and nobody has noticed is reset first, as it was written then:
 * what is written now says when the next period ends.
 */
async function currentAccounts(
  db: Connection,
  some: readonly Owner[],
  rules: BudgetRules,
): Promise<Accounts> {
  const accounts = await lockAccounts(db, some);
  const due = [...accounts.values()].filter(
    ({ resets_at }) => resets_at !== null && resets_at.getTime() <= rules.now,
  );
  if (due.length === 0) return accounts;
  const begun = await beginDue(
    db,
    due.map(({ scope }) => scope),
    rules,
  );
  await showSpent(
    db,
    begun.flatMap(({ spent, ...budget }) => {
      const owner = ownerOfBudget(budget);
      return owner === null ? [] : [{ owner, spent, added: '0' }];
    }),
  );
  return lockAccounts(db, some);
}

/**
 * Makes the budgets of these owners, with their parts, what LiteLLM's columns say, inside the caller's transaction: after they
 * were changed, and where another program has written there. What is spent is read from an owner's row only where the budget is
 * new. Owners without a row are left out.
 */
export async function followBudgets(
  db: Connection,
  some: readonly Owner[],
  rules: BudgetRules,
): Promise<void> {
  const locked = await lockOwners(db, some);
  if (locked.length === 0) return;
  const present = locked.map(({ owner }) => owner);
  const budgets = await readWritten(db, present, rules);
  const accounts = await currentAccounts(db, present, rules);
  const settings = settingsOf(budgets, { locked, accounts, rules });
  await writeEnds(
    db,
    budgets,
    settings.map(({ resetsAt }) => resetsAt),
  );
  await setBudgets(db, [...settings, ...droppedParts(budgets, accounts)]);
}
