import { type Pico, picoFromUsd } from '../accounting/money.ts';
import type { NextReset } from './budget-periods.ts';
import { keyScope, setBudget, setSpent } from './budgets.ts';
import { type Connection, rows } from './connection.ts';

/** More than anybody spends, and all that the columns hold. */
const MOST_USD = 1e18;

/** A key's `max_budget` to the pico-dollar. */
export function budgetLimit(maxBudget: number): Pico {
  return picoFromUsd(Math.min(Math.max(maxBudget, 0), MOST_USD));
}

interface KeyBudget {
  readonly spend: number;
  readonly max_budget: number | null;
  readonly budget_duration: string | null;
  readonly budget_reset_at: Date | null;
}

/**
 * Makes a key's budget what the key's columns say, inside the caller's transaction: after they were changed, and for keys
 * that another program made or changed. What is spent is read from the key only where the budget is new.
 */
export async function followKeyBudget(
  db: Connection,
  hash: string,
  { now, nextReset }: { now: number; nextReset: NextReset },
): Promise<void> {
  const [key] = await rows<KeyBudget>(db, {
    text: `
      SELECT spend, max_budget, budget_duration, budget_reset_at FROM "LiteLLM_VerificationToken"
      WHERE token = $1 FOR UPDATE`,
    values: [hash],
  });
  if (key === undefined) return;
  const { spend, max_budget, budget_duration: duration, budget_reset_at } = key;
  const resetsAt = duration === null ? null : (budget_reset_at ?? nextReset(duration, now));
  if (resetsAt !== null && budget_reset_at === null) {
    await rows(db, {
      text: 'UPDATE "LiteLLM_VerificationToken" SET budget_reset_at = $2 WHERE token = $1',
      values: [hash, resetsAt.toISOString()],
    });
  }
  const limit = max_budget === null ? null : budgetLimit(max_budget);
  await setBudget(db, { scope: keyScope(hash), limit, spent: picoFromUsd(spend), duration, resetsAt });
}

/**
 * Makes what a key has spent in its running period what was written to its row, inside that transaction. Set rather than
 * added to: the row is locked, so what is stored of spend until now is forgotten in both, and whatever is stored afterwards
 * is added to both. What calls hold stays held, and what they come to cost is counted on top.
 */
export async function setKeySpent(
  db: Connection,
  hash: string,
  { usd, now }: { usd: number; now: number },
): Promise<void> {
  await setSpent(db, { scope: keyScope(hash), spent: picoFromUsd(usd), now });
}
