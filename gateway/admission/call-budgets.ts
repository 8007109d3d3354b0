import { budgetedNames, readScope } from '../identity/budget-parts.ts';
import type { Identity } from '../identity/identity.ts';
import { owners, scopeOf } from '../identity/owners.ts';
import { sameList } from '../same-list.ts';
import { placeOf } from './budget-order.ts';

interface HeldBudget {
  readonly scope: string;
  readonly place: number;
  /** The model whose calls it holds; null where it holds all. */
  readonly model: string | null;
}

/** What is made of a list of names once, and not for each call. */
interface HeldBudgets {
  readonly budgets: readonly HeldBudget[];
  /** All of them with the gateway's, where the model makes no difference; null where it does. */
  readonly ofEveryModel: readonly string[] | null;
  /** What the last call of whose list it is came out of: most are like the one before. */
  last: { readonly call: BesideOwn; readonly scopes: readonly string[] } | null;
}

function alike(one: BesideOwn, other: BesideOwn): boolean {
  return (
    one.customer === other.customer && sameList(one.tags, other.tags) && sameList(one.models, other.models)
  );
}

function readBudget(scope: string): HeldBudget {
  const { part } = readScope(scope);
  return { scope, place: placeOf(scope), model: part?.kind === 'model' ? part.name : null };
}

/** What of a call decides which budgets it comes out of. */
export interface BudgetedCall extends BesideOwn {
  readonly identity: Pick<Identity, 'budgets'>;
}

/** The same, beside the budgets of its caller. */
interface BesideOwn {
  /** The budgets of the customer whom the call names. */
  readonly customer: readonly string[];
  /** Those of each of its tags that has some. */
  readonly tags: readonly (readonly string[])[];
  /** All names of the model that it asks for: another one is no way around a model's budget. */
  readonly models: readonly string[];
}

/** The budgets that a call comes out of. */
export class CallBudgets {
  readonly #global: readonly string[];
  /** By the list of their names, which is made anew when the budgets of a caller, a customer or a tag change. */
  readonly #read = new WeakMap<readonly string[], HeldBudgets>();

  /** `global`: whether the whole gateway has a budget. */
  constructor({ global }: { readonly global: boolean }) {
    this.#global = global ? [scopeOf(owners.global)] : [];
  }

  /** By their names, in LiteLLM's order, which `budget-order.ts` tells; that of the gateway is the last. */
  of({ identity, customer, tags, models }: BudgetedCall): readonly string[] {
    const own = this.#held(identity.budgets);
    const nobody = customer.length === 0 && tags.length === 0;
    if (nobody && own.ofEveryModel !== null) return own.ofEveryModel;
    const call = { customer, tags, models };
    if (own.last !== null && alike(own.last.call, call)) return own.last.scopes;
    const all = [identity.budgets, customer, ...tags]
      .flatMap((scopes) => this.#held(scopes).budgets)
      .sort((one, other) => one.place - other.place);
    const names = all.some(({ model }) => model !== null) ? budgetedNames(models) : models;
    const held = all.filter(({ model }) => model === null || names.includes(model));
    const scopes = [...held.map(({ scope }) => scope), ...this.#global];
    own.last = { call, scopes };
    return scopes;
  }

  #held(scopes: readonly string[]): HeldBudgets {
    let held = this.#read.get(scopes);
    if (held === undefined) {
      const budgets = scopes.map(readBudget).sort((one, other) => one.place - other.place);
      const ofEveryModel = budgets.every(({ model }) => model === null)
        ? [...budgets.map(({ scope }) => scope), ...this.#global]
        : null;
      held = { budgets, ofEveryModel, last: null };
      this.#read.set(scopes, held);
    }
    return held;
  }
}
