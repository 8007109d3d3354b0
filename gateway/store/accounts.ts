import { type BudgetPart, readScope } from '../identity/budget-parts.ts';
import { type Owner, ownerOf, owners, scopeOf } from '../identity/owners.ts';
import { type Connection, rows } from './connection.ts';

/** A budget by its name, and the hash of the key that has it; null where it is not that of a key, or a part. */
export interface NamedBudget {
  readonly scope: string;
  readonly token: string | null;
  /** The budget of which it is a part; null where it is whole. */
  readonly part_of: string | null;
}

/** A row of `budget_state`. */
export interface Account extends NamedBudget {
  /** Pico-dollars; null where nothing is limited. */
  readonly limit_pico: string | null;
  /** Added to it, and until when; null where nothing is. */
  readonly increase_pico: string | null;
  readonly increase_until: Date | null;
  /** From here on it is told that so much was spent; null for never. */
  readonly soft_pico: string | null;
  readonly duration: string | null;
  readonly resets_at: Date | null;
}

/** Whose whole budget it is; null where it is a part, or nobody has it that the gateway knows. */
export function ownerOfBudget({ scope, token, part_of }: NamedBudget): Owner | null {
  if (part_of !== null) return null;
  return token === null ? ownerOf(scope) : owners.key(token);
}

/** A key is found by its hash: its account may have an older name. */
export function namesOf(some: readonly Owner[]): { readonly scopes: string[]; readonly tokens: string[] } {
  const [keys, others] = [
    some.filter(({ kind }) => kind === 'key'),
    some.filter(({ kind }) => kind !== 'key'),
  ];
  return { scopes: others.map(scopeOf), tokens: keys.map(({ ids }) => ids[0] as string) };
}

/** A name for an owner, or for a part of what it may spend, to be looked up by. */
export const nameOf = ({ kind, ids }: Owner, part: BudgetPart | null = null): string =>
  JSON.stringify([kind, ...ids, ...(part === null ? [] : [part.kind, part.name])]);

/** Accounts by `nameOf` their owners and parts. */
export type Accounts = ReadonlyMap<string, Account>;

const columns =
  'scope, token, part_of, limit_pico, increase_pico, increase_until, soft_pico, duration, resets_at';

async function accountsOf(
  db: Connection,
  some: readonly Owner[],
  { name, lock }: { readonly name: string; readonly lock: '' | 'FOR UPDATE' },
): Promise<Accounts> {
  const { scopes, tokens } = namesOf(some);
  const found = await rows<Account>(db, {
    name,
    text: `
      WITH wholes AS (SELECT scope FROM budget_state WHERE scope = ANY ($1) OR token = ANY ($2))
      SELECT ${columns} FROM budget_state
      WHERE scope = ANY (ARRAY(
        SELECT scope FROM wholes
        UNION ALL SELECT p.scope FROM budget_state p JOIN wholes ON p.part_of = wholes.scope
      ))
      ORDER BY scope ${lock}`,
    values: [scopes, tokens],
  });
  const byScope = new Map(found.map((account) => [account.scope, ownerOfBudget(account)]));
  const accounts = new Map<string, Account>();
  for (const account of found) {
    const owner = byScope.get(account.part_of ?? account.scope) ?? null;
    if (owner !== null) accounts.set(nameOf(owner, readScope(account.scope).part), account);
  }
  return accounts;
}

/** The accounts that these owners have, with their parts. */
export function readAccounts(db: Connection, some: readonly Owner[]): Promise<Accounts> {
  return accountsOf(db, some, { name: 'read_accounts', lock: '' });
}

/**
 * The same, locked until the transaction ends in the order of their names, in which everybody locks budgets. The owners are
 * locked already.
 */
export function lockAccounts(db: Connection, some: readonly Owner[]): Promise<Accounts> {
  return accountsOf(db, some, { name: 'lock_accounts', lock: 'FOR UPDATE' });
}
