import { type BudgetPart, readScope } from '../identity/budget-parts.ts';
import type { OwnerKind } from '../identity/owners.ts';

type Part = `${OwnerKind} ${BudgetPart['kind']}`;

/** Whose budgets are looked at in which order, as in LiteLLM: the first that has no room is the one that is answered. */
const places: Readonly<Record<OwnerKind, number> & Partial<Record<Part, number>>> = {
  key: 1,
  'key model': 2,
  'end_user model': 3,
  // After these LiteLLM looks at what the key's owner allows, and only then at the others.
  team: 4,
  'team window': 5,
  'key window': 6,
  organization: 7,
  'organization model': 8,
  organization_member: 9,
  'organization_member model': 10,
  tag: 11,
  'tag model': 12,
  user: 13,
  'user model': 14,
  team_member: 15,
  'team_member model': 16,
  end_user: 17,
  global: 18,
};

/** Where a budget stands in that order; a part that nothing is said of stands with its whole. */
export function placeOf(scope: string): number {
  const { owner, part } = readScope(scope);
  const kind = owner?.kind ?? 'key';
  return (part && places[`${kind} ${part.kind}`]) ?? places[kind];
}

/** Whether what a key's owner allows is looked at before this budget. */
export function isAfterOwner(scope: string): boolean {
  return placeOf(scope) >= places.team;
}
