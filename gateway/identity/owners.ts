/** Kinds of those whose spend is counted and may be limited, in the order in which their rows are locked. */
export const ownerKinds = [
  'organization',
  'organization_member',
  'team',
  'team_member',
  'user',
  'global',
  'end_user',
  'tag',
  'key',
] as const;

export type OwnerKind = (typeof ownerKinds)[number];

/** Somebody whose spend is counted, by the primary key of its row. */
export interface Owner {
  readonly kind: OwnerKind;
  readonly ids: readonly string[];
}

/** The row of "LiteLLM_UserTable" that stands for the whole gateway, as in LiteLLM. */
export const PROXY_BUDGET_USER = 'litellm-proxy-budget';

export const owners = {
  organization: (id: string): Owner => ({ kind: 'organization', ids: [id] }),
  organizationMember: (organizationId: string, userId: string): Owner => ({
    kind: 'organization_member',
    ids: [organizationId, userId],
  }),
  team: (id: string): Owner => ({ kind: 'team', ids: [id] }),
  member: (teamId: string, userId: string): Owner => ({ kind: 'team_member', ids: [teamId, userId] }),
  user: (id: string): Owner => ({ kind: 'user', ids: [id] }),
  global: { kind: 'global', ids: [PROXY_BUDGET_USER] } as Owner,
  endUser: (id: string): Owner => ({ kind: 'end_user', ids: [id] }),
  tag: (name: string): Owner => ({ kind: 'tag', ids: [name] }),
  key: (hash: string): Owner => ({ kind: 'key', ids: [hash] }),
} as const;

/**
 * What the budget of an owner is called: `team:red`, `team_member:["red","ada"]`. That of a key is called so when it is made,
 * and keeps the name when the key is rotated.
 */
export function scopeOf({ kind, ids }: Owner): string {
  return `${kind}:${ids.length === 1 ? ids[0] : JSON.stringify(ids)}`;
}

/** Whose whole budget has this name; null for that of a key, which may have been rotated, and for no owner's. */
export function ownerOf(scope: string): Owner | null {
  const kind = ownerKinds.find((each) => each !== 'key' && scope.startsWith(`${each}:`));
  if (kind === undefined) return null;
  const rest = scope.slice(kind.length + 1);
  return { kind, ids: kind.endsWith('_member') ? JSON.parse(rest) : [rest] };
}

/** What an index takes in any encoding; no customer has a longer id, and no tag a longer name. */
const LONGEST_ID = 256;

/** Whether the name of a customer or a tag, as a call gives it, can be that of a row. */
export function isRowName(name: string): boolean {
  return name !== '' && name.length <= LONGEST_ID && !name.includes('\u0000') && name.isWellFormed();
}
