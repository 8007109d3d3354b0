import type { Identity } from '../identity/identity.ts';
import { owners, scopeOf } from '../identity/owners.ts';
import type { EndUserBudgets } from './end-user-budgets.ts';

export interface CallBudgetsOptions {
  readonly endUsers: Pick<EndUserBudgets, 'scopeOf'>;
  /** Whether the whole gateway has a budget. */
  readonly global: boolean;
}

/** The budgets that a call comes out of. */
export class CallBudgets {
  readonly #endUsers: CallBudgetsOptions['endUsers'];
  readonly #global: readonly string[];

  constructor({ endUsers, global }: CallBudgetsOptions) {
    this.#endUsers = endUsers;
    this.#global = global ? [scopeOf(owners.global)] : [];
  }

  /**
   * By their names, in LiteLLM's order: those of the key and of whom it acts for, the customer's, the gateway's. The first that
   * has no room is the one that is answered. A promise where the customer has to be looked up.
   */
  of({ budgets }: Identity, endUser: string | null): readonly string[] | Promise<readonly string[]> {
    const customer = this.#endUsers.scopeOf(endUser);
    if (customer instanceof Promise) return customer.then((scope) => this.#all(budgets, scope));
    return this.#all(budgets, customer);
  }

  #all(budgets: readonly string[], customer: string | null): readonly string[] {
    if (customer === null && this.#global.length === 0) return budgets;
    return [...budgets, ...(customer === null ? [] : [customer]), ...this.#global];
  }
}
