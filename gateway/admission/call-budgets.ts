import type { Identity } from '../identity/identity.ts';
import { ownerOf, owners, scopeOf } from '../identity/owners.ts';

/** Whom a call names, by what their budgets are called. */
export interface NamedBudgets {
  /** Of its tags. */
  readonly tags: readonly string[];
  /** Of its customer; null for none. */
  readonly customer: string | null;
}

/** Whether it is the budget of a person, which is looked at after those of tags. */
function isPersons(scope: string): boolean {
  const kind = ownerOf(scope)?.kind;
  return kind === 'user' || kind === 'team_member';
}

/** The budgets that a call comes out of. */
export class CallBudgets {
  readonly #global: readonly string[];

  /** `global`: whether the whole gateway has a budget. */
  constructor({ global }: { readonly global: boolean }) {
    this.#global = global ? [scopeOf(owners.global)] : [];
  }

  /**
   * By their names, in LiteLLM's order: those of the key, its team and its organisation, of tags, of the person, of the customer,
   * the gateway's. The first that has no room is the one that is answered.
   */
  of({ budgets }: Identity, { tags, customer }: NamedBudgets): readonly string[] {
    if (tags.length === 0 && customer === null && this.#global.length === 0) return budgets;
    const named = [...(customer === null ? [] : [customer]), ...this.#global];
    if (tags.length === 0) return [...budgets, ...named];
    const persons = budgets.filter(isPersons);
    return [...budgets.filter((scope) => !isPersons(scope)), ...tags, ...persons, ...named];
  }
}
