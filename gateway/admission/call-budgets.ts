import type { Identity } from '../identity/identity.ts';
import { owners, scopeOf } from '../identity/owners.ts';

/** The budgets that a call comes out of. */
export class CallBudgets {
  readonly #global: readonly string[];

  /** `global`: whether the whole gateway has a budget. */
  constructor({ global }: { readonly global: boolean }) {
    this.#global = global ? [scopeOf(owners.global)] : [];
  }

  /**
   * By their names, in LiteLLM's order: those of the key and of whom it acts for, the customer's, the gateway's. The first that
   * has no room is the one that is answered. `customer`: what the budget of the customer is called that the call names.
   */
  of({ budgets }: Identity, customer: string | null): readonly string[] {
    if (customer === null && this.#global.length === 0) return budgets;
    return [...budgets, ...(customer === null ? [] : [customer]), ...this.#global];
  }
}
