import { type Connection, rows } from './connection.ts';
import { containing } from './json-columns.ts';
import { asRead, type TeamRow, teamColumns } from './teams.ts';

export interface TeamQuery {
  /** Teams that list this user as a member. */
  readonly userId: string | null;
  readonly organizationId: string | null;
  /** Teams that belong to no organisation. */
  readonly withoutOrganization: boolean;
  /** Only teams of these organisations; null for all. */
  readonly organizations: readonly string[] | null;
}

const within = `
  ($1::text IS NULL OR members_with_roles @> jsonb_build_array(jsonb_build_object('user_id', $1::text)))
  AND ($2::text IS NULL OR organization_id = $2)
  AND (NOT $3::boolean OR organization_id IS NULL)
  AND ($4::text[] IS NULL OR organization_id = ANY ($4))`;

const valuesOf = (query: TeamQuery): unknown[] => [
  query.userId,
  query.organizationId,
  query.withoutOrganization,
  query.organizations,
];

/** Every team that fits, by alias. */
export async function listTeams(db: Connection, query: TeamQuery): Promise<readonly TeamRow[]> {
  const found = await rows<TeamRow>(db, {
    text: `
      SELECT ${teamColumns} FROM "LiteLLM_TeamTable" t WHERE ${within}
      ORDER BY team_alias NULLS LAST, team_id`,
    values: valuesOf(query),
  });
  return found.map(asRead);
}

export const sortableTeamColumns = ['team_id', 'team_alias', 'created_at'] as const;

export interface TeamPageQuery extends TeamQuery {
  readonly teamId: string | null;
  readonly aliasPart: string | null;
  /** List deleted teams instead of living ones. */
  readonly deleted: boolean;
  /** By default the newest first. */
  readonly sortBy: (typeof sortableTeamColumns)[number] | null;
  readonly sortOrder: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

/** One page of the teams that fit, and how many there are. */
export async function pageTeams(
  db: Connection,
  query: TeamPageQuery,
): Promise<{ readonly teams: readonly TeamRow[]; readonly total: number }> {
  const table = query.deleted ? '"LiteLLM_DeletedTeamTable"' : '"LiteLLM_TeamTable"';
  const condition = `${within} AND ($5::text IS NULL OR team_id = $5) AND ($6::text IS NULL OR team_alias ILIKE $6)`;
  const values = [
    ...valuesOf(query),
    query.teamId,
    query.aliasPart === null ? null : containing(query.aliasPart),
  ];
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM ${table} WHERE ${condition}`,
    values,
  });
  const direction = query.sortOrder === 'asc' ? 'ASC' : 'DESC';
  const found = await rows<TeamRow>(db, {
    text: `
      SELECT ${teamColumns} FROM ${table} t WHERE ${condition}
      ORDER BY ${query.sortBy ?? 'created_at'} ${direction} NULLS LAST, team_id
      LIMIT $7 OFFSET $8`,
    values: [...values, query.limit, query.offset],
  });
  return { teams: found.map(asRead), total: counted?.total ?? 0 };
}
