import { readScope } from '../identity/budget-parts.ts';

/** Whose budgets are looked at in which order, as in LiteLLM: the first that has no room is the one that is answered. */
const order = [
  'key',
  'key model',
  'end_user model',
  'team',
  'team window',
  'key window',
  'organization',
  'organization model',
  'user',
  'user model',
  'team_member',
  'team_member model',
  'end_user',
  'global',
];

/** After this one LiteLLM looks at what the key's owner allows, and only then at the others. */
const lastBeforeOwner = order.indexOf('end_user model');

/** Where a budget stands in that order. */
export function placeOf(scope: string): number {
  const { owner, part } = readScope(scope);
  const kind = owner?.kind ?? 'key';
  return order.indexOf(part === null ? kind : `${kind} ${part.kind}`);
}

/** Whether what a key's owner allows is looked at before this budget. */
export function isAfterOwner(scope: string): boolean {
  return placeOf(scope) > lastBeforeOwner;
}
