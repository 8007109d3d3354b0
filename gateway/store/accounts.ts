import { type Owner, ownerOf, owners, scopeOf } from '../identity/owners.ts';
import { type Connection, rows } from './connection.ts';

/** A row of `budget_state`. */
export interface Account {
  readonly scope: string;
  /** Pico-dollars; null where nothing is limited. */
  readonly limit_pico: string | null;
  readonly duration: string | null;
  readonly resets_at: Date | null;
}

/** A budget by its name, and the hash of the key that has it; null where it is not that of a key. */
export interface NamedBudget {
  readonly scope: string;
  readonly token: string | null;
}

/** Whose budget it is; null where nobody has it that the gateway knows. */
export function ownerOfBudget({ scope, token }: NamedBudget): Owner | null {
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

export const nameOf = ({ kind, ids }: Owner): string => JSON.stringify([kind, ...ids]);

/** Accounts by `nameOf` their owners. */
export type Accounts = ReadonlyMap<string, Account>;

/** The accounts that these owners have. */
export async function readAccounts(db: Connection, some: readonly Owner[]): Promise<Accounts> {
  const { scopes, tokens } = namesOf(some);
  const found = await rows<NamedBudget & Account>(db, {
    name: 'read_accounts',
    text: `
      SELECT scope, token, limit_pico, duration, resets_at FROM budget_state
      WHERE scope = ANY ($1) OR token = ANY ($2)`,
    values: [scopes, tokens],
  });
  const accounts = new Map<string, Account>();
  for (const account of found) {
    const owner = ownerOfBudget(account);
    if (owner !== null) accounts.set(nameOf(owner), account);
  }
  return accounts;
}
