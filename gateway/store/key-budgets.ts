import { type Pico, picoFromUsd } from '../accounting/money.ts';
import type { NextReset } from './budget-periods.ts';
import { keyScope, removeBudgets, setBudget, setSpent } from './budgets.ts';
import { type Connection, rows } from './connection.ts';

/** More than anybody spends, and all that the columns hold. */
const MOST_USD = 1e18;

/** A key's `max_budget` to the pico-dollar. */
export function budgetLimit(maxBudget: number): Pico {
  return picoFromUsd(Math.min(Math.max(maxBudget, 0), MOST_USD));
}

/** The budgets that these keys have. */
async function scopesOf(db: Connection, hashes: readonly string[]): Promise<readonly string[]> {
  const found = await rows<{ scope: string }>(db, {
    text: 'SELECT scope FROM budget_state WHERE token = ANY ($1)',
    values: [hashes],
  });
  return found.map(({ scope }) => scope);
}

interface KeyBudget {
  readonly spend: number;
  readonly max_budget: number | null;
  readonly budget_duration: string | null;
  readonly budget_reset_at: Date | null;
}

/**
 * Makes a key's budget what the key's columns say, inside the caller's transaction: after they were changed, and for keys
 * that another program made or changed. What is spent is read from the key only where the budget is new. Returns what the
 * budget is called; undefined when there is no such key.
 */
export async function followKeyBudget(
  db: Connection,
  hash: string,
  { now, nextReset }: { now: number; nextReset: NextReset },
): Promise<string | undefined> {
  const [key] = await rows<KeyBudget>(db, {
    text: `
      SELECT spend, max_budget, budget_duration, budget_reset_at FROM "LiteLLM_VerificationToken"
      WHERE token = $1 FOR UPDATE`,
    values: [hash],
  });
  if (key === undefined) return undefined;
  const { spend, max_budget, budget_duration: duration, budget_reset_at } = key;
  const resetsAt = duration === null ? null : (budget_reset_at ?? nextReset(duration, now));
  if (resetsAt !== null && budget_reset_at === null) {
    await rows(db, {
      text: 'UPDATE "LiteLLM_VerificationToken" SET budget_reset_at = $2 WHERE token = $1',
      values: [hash, resetsAt.toISOString()],
    });
  }
  const limit = max_budget === null ? null : budgetLimit(max_budget);
  const [scope = keyScope(hash)] = await scopesOf(db, [hash]);
  await setBudget(db, { scope, token: hash, limit, spent: picoFromUsd(spend), duration, resetsAt });
  return scope;
}

/**
 * Makes a key's budget say that this was spent, inside the transaction that has written it to the key's row. Exact, since
 * that row is locked: the cost of calls stored before is replaced in both, and what is stored afterwards is added to both.
 * What calls hold stays held, and what they come to cost is counted on top.
 */
export async function setKeySpent(
  db: Connection,
  hash: string,
  { usd, now }: { usd: number; now: number },
): Promise<void> {
  for (const scope of await scopesOf(db, [hash])) await setSpent(db, { scope, spent: picoFromUsd(usd), now });
}

/**
 * Gives a key's budget to the hash that follows it, inside the transaction that rotates the key. Its name stays, so what is
 * spent and reserved goes on: other processes hold reservations by that name, and rows that wait in journals are charged to it.
 */
export async function moveKeyBudget(
  db: Connection,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await rows(db, { text: 'UPDATE budget_state SET token = $2 WHERE token = $1', values: [from, to] });
}

/** Forgets the budgets of keys that are deleted, inside the caller's transaction. */
export async function removeKeyBudgets(db: Connection, hashes: readonly string[]): Promise<void> {
  await removeBudgets(db, await scopesOf(db, hashes));
}
