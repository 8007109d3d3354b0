import { budgetedNames, readScope } from '../identity/budget-parts.ts';
import type { Identity } from '../identity/identity.ts';
import { owners, scopeOf } from '../identity/owners.ts';
import { placeOf } from './budget-order.ts';

interface HeldBudget {
  readonly scope: string;
  readonly place: number;
  /** The model whose calls it holds; null where it holds all. */
  readonly model: string | null;
}

function readBudget(scope: string): HeldBudget {
  const { part } = readScope(scope);
  return { scope, place: placeOf(scope), model: part?.kind === 'model' ? part.name : null };
}

/** What of a call decides which budgets it comes out of. */
export interface BudgetedCall {
  readonly identity: Pick<Identity, 'budgets'>;
  /** The budgets of the customer whom the call names. */
  readonly customer: readonly string[];
  /** All names of the model that it asks for: another one is no way around a model's budget. */
  readonly models: readonly string[];
}

/** The budgets that a call comes out of. */
export class CallBudgets {
  readonly #global: readonly string[];
  /** By the list of their names, which is made anew when a caller's budgets change. */
  readonly #read = new WeakMap<readonly string[], readonly HeldBudget[]>();

  /** `global`: whether the whole gateway has a budget. */
  constructor({ global }: { readonly global: boolean }) {
    this.#global = global ? [scopeOf(owners.global)] : [];
  }

  /** By their names, in LiteLLM's order: those of the key and of whom it acts for, the customer's, the gateway's. */
  of({ identity, customer, models }: BudgetedCall): readonly string[] {
    const own = this.#budgets(identity.budgets);
    const all =
      customer.length === 0
        ? own
        : [...own, ...this.#budgets(customer)].sort((one, other) => one.place - other.place);
    const names = all.some(({ model }) => model !== null) ? budgetedNames(models) : models;
    const held = all.filter(({ model }) => model === null || names.includes(model));
    return [...held.map(({ scope }) => scope), ...this.#global];
  }

  #budgets(scopes: readonly string[]): readonly HeldBudget[] {
    let budgets = this.#read.get(scopes);
    if (budgets === undefined) {
      budgets = scopes.map(readBudget).sort((one, other) => one.place - other.place);
      this.#read.set(scopes, budgets);
    }
    return budgets;
  }
}
