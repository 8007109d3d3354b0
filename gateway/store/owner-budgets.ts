import { picoFromUsd } from '../accounting/money.ts';
import { type Owner, owners } from '../identity/owners.ts';
import { type Account, lockAccounts } from './accounts.ts';
import { removeBudgets, setSpent } from './budgets.ts';
import { type Connection, rows } from './connection.ts';

async function accountsOf(db: Connection, some: readonly Owner[]): Promise<readonly Account[]> {
  return [...(await lockAccounts(db, some)).values()];
}

/**
 * Makes an owner's budget say that this was spent, inside the transaction that has written it to the owner's row. Exact, since
 * that row is locked: the cost of calls stored before is replaced in both, and what is stored afterwards is added to both.
 * What calls hold stays held, and what they come to cost is counted on top. Its parts go on counting by themselves.
 */
export async function setOwnerSpent(
  db: Connection,
  owner: Owner,
  { usd, now }: { usd: number; now: number },
): Promise<void> {
  const wholes = (await accountsOf(db, [owner])).filter(({ part_of }) => part_of === null);
  for (const { scope } of wholes) await setSpent(db, { scope, spent: picoFromUsd(usd), now });
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

/** Forgets the budgets of owners that are deleted, with their parts, inside the caller's transaction. */
export async function removeOwnerBudgets(db: Connection, some: readonly Owner[]): Promise<void> {
  const accounts = await accountsOf(db, some);
  await removeBudgets(
    db,
    accounts.map(({ scope }) => scope),
  );
}

/** Forgets the budgets of keys that are deleted, inside the caller's transaction. */
export async function removeKeyBudgets(db: Connection, hashes: readonly string[]): Promise<void> {
  await removeOwnerBudgets(db, hashes.map(owners.key));
}
