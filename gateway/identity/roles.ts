/** Roles that a user's row can hold. A key has the role of its user; without such a row it is an internal user's. */
export const roles = ['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'] as const;

export type Role = (typeof roles)[number];

/** What a caller is: its role, what it becomes by its place in a team or an organisation, and by what its key permits. */
export type Standing = Role | 'org_admin' | 'team_admin' | 'spend_reader';

/**
 * The role in a user's row. `org_admin` stands there too in LiteLLM's databases; here the membership of an organisation alone
 * makes one. Whoever has a role that nobody knows may change nothing.
 */
export function roleOf(stored: string | null): Role {
  if (stored === null || stored === '' || stored === 'org_admin') return 'internal_user';
  return roles.find((role) => role === stored) ?? 'internal_user_viewer';
}
