import { type Owner, ownerOf } from './owners.ts';

/** What a budget beside the whole of an owner's holds: all calls in a window of time, or the calls to one model. */
export interface BudgetPart {
  readonly kind: 'window' | 'model';
  /** The duration of the window; the name of the model. */
  readonly name: string;
}

const kinds = ['window', 'model'] as const;

/** What a part of the budget `whole` is called: `window:["1d","team:red"]`. A key that is rotated keeps the names. */
export function scopeOfPart({ kind, name }: BudgetPart, whole: string): string {
  return `${kind}:${JSON.stringify([name, whole])}`;
}

/** What the name of a budget says. */
export interface NamedScope {
  /** Null where it is the whole. */
  readonly part: BudgetPart | null;
  /** The name of the whole that it is, or is a part of. */
  readonly whole: string;
  /** Null where it is a key's, or nobody's. */
  readonly owner: Owner | null;
}

export function readScope(scope: string): NamedScope {
  const kind = kinds.find((each) => scope.startsWith(`${each}:`));
  if (kind === undefined) return { part: null, whole: scope, owner: ownerOf(scope) };
  const [name, whole] = JSON.parse(scope.slice(kind.length + 1)) as [string, string];
  return { part: { kind, name }, whole, owner: ownerOf(whole) };
}

/**
 * The names by which a model's own budget is found for a call: those given, and where a provider stands before the name what is
 * behind it, as in LiteLLM.
 */
export function budgetedNames(models: readonly string[]): readonly string[] {
  const bare = models.flatMap((model) => {
    const [provider, ...rest] = model.split('/');
    return provider === model ? [] : [rest.join('/')];
  });
  return [...models, ...bare];
}
