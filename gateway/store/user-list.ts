import { type Connection, rows } from './connection.ts';
import { containing } from './json-columns.ts';
import { shownColumns, type UserRow } from './users.ts';

export const sortableUserColumns = [
  'user_id',
  'user_email',
  'created_at',
  'spend',
  'user_alias',
  'user_role',
] as const;

export interface UserQuery {
  readonly role: string | null;
  /** One id is looked for as a part of ids, several as they are. */
  readonly userIds: readonly string[] | null;
  readonly ssoUserIds: readonly string[] | null;
  readonly emailPart: string | null;
  readonly teamId: string | null;
  readonly organizationIds: readonly string[] | null;
  /** Count keys of these organisations and their teams alone; null for all. */
  readonly keysIn: readonly string[] | null;
  readonly sortBy: (typeof sortableUserColumns)[number] | null;
  readonly sortOrder: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

export interface UserPage {
  readonly users: readonly (UserRow & { readonly key_count: number })[];
  readonly total: number;
}

const listed = `
  ($1::text IS NULL OR user_role = $1)
  AND ($2::text[] IS NULL OR user_id = ANY ($2))
  AND ($3::text IS NULL OR user_id ILIKE $3)
  AND ($4::text[] IS NULL OR sso_user_id = ANY ($4))
  AND ($5::text IS NULL OR user_email ILIKE $5)
  AND ($6::text IS NULL OR $6 = ANY (teams))
  AND ($7::text[] IS NULL OR user_id IN (
    SELECT m.user_id FROM "LiteLLM_OrganizationMembership" m WHERE m.organization_id = ANY ($7)
  ))`;

const pattern = (part: string | null | undefined): string | null =>
  part === null || part === undefined ? null : containing(part);

/** One page of the users that fit, each with its number of keys, and how many users there are. */
export async function listUsers(db: Connection, query: UserQuery): Promise<UserPage> {
  const { userIds } = query;
  const single = userIds?.length === 1;
  const values = [
    query.role,
    single ? null : userIds,
    pattern(single ? userIds[0] : null),
    query.ssoUserIds,
    pattern(query.emailPart),
    query.teamId,
    query.organizationIds,
  ];
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM "LiteLLM_UserTable" WHERE ${listed}`,
    values,
  });
  const order = query.sortBy ?? 'created_at';
  const direction = query.sortOrder === 'asc' ? 'ASC' : 'DESC';
  const users = await rows<UserRow & { key_count: number }>(db, {
    text: `
      SELECT ${shownColumns}, (
        SELECT count(*) FROM "LiteLLM_VerificationToken" k LEFT JOIN "LiteLLM_TeamTable" t ON t.team_id = k.team_id
        WHERE k.user_id = u.user_id AND k.team_id IS DISTINCT FROM 'litellm-dashboard'
          AND ($10::text[] IS NULL OR coalesce(t.organization_id, k.organization_id) = ANY ($10))
      ) AS key_count
      FROM "LiteLLM_UserTable" u WHERE ${listed}
      ORDER BY ${order} ${direction} NULLS LAST, user_id
      LIMIT $8 OFFSET $9`,
    values: [...values, query.limit, query.offset, query.keysIn],
  });
  return { users, total: counted?.total ?? 0 };
}
