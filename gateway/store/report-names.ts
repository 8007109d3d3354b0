import { PROXY_BUDGET_USER } from '../identity/owners.ts';
import { type Connection, rows } from './connection.ts';
import { shownColumns, type UserRow } from './users.ts';
import type { VirtualKeyRow } from './virtual-keys.ts';

/** What a report tells of a key beside its hash. */
export interface KeyNames {
  readonly token: string;
  readonly key_alias: string | null;
  readonly key_name: string | null;
  readonly team_id: string | null;
}

/** The names of keys by their hashes, also of those that were deleted or rotated. */
export async function keyNames(
  db: Connection,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, KeyNames>> {
  const found = await rows<KeyNames>(db, {
    text: `
      SELECT token, key_alias, key_name, team_id FROM "LiteLLM_DeletedVerificationToken" WHERE token = ANY ($1)
      UNION ALL SELECT token, key_alias, key_name, team_id FROM "LiteLLM_VerificationToken" WHERE token = ANY ($1)`,
    values: [hashes],
  });
  return new Map(found.map((row) => [row.token, row]));
}

/** The hashes of keys that have this alias, or had it when they were deleted or rotated. */
export async function hashesOfAlias(db: Connection, alias: string): Promise<readonly string[]> {
  const found = await rows<{ token: string }>(db, {
    text: `
      SELECT token FROM "LiteLLM_VerificationToken" WHERE key_alias = $1
      UNION SELECT token FROM "LiteLLM_DeletedVerificationToken" WHERE key_alias = $1`,
    values: [alias],
  });
  return found.map(({ token }) => token);
}

/** The aliases of teams by their ids, also of those that were deleted. */
export async function teamAliases(
  db: Connection,
  teamIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await rows<{ team_id: string; team_alias: string }>(db, {
    text: `
      SELECT team_id, team_alias FROM "LiteLLM_DeletedTeamTable" WHERE team_id = ANY ($1) AND team_alias IS NOT NULL
      UNION ALL SELECT team_id, team_alias FROM "LiteLLM_TeamTable" WHERE team_id = ANY ($1) AND team_alias IS NOT NULL`,
    values: [teamIds],
  });
  return new Map(found.map(({ team_id, team_alias }) => [team_id, team_alias]));
}

/** The teams of organisations. */
export async function teamsOf(
  db: Connection,
  organizationIds: readonly string[],
): Promise<readonly string[]> {
  if (organizationIds.length === 0) return [];
  const found = await rows<{ team_id: string }>(db, {
    text: 'SELECT team_id FROM "LiteLLM_TeamTable" WHERE organization_id = ANY ($1)',
    values: [organizationIds],
  });
  return found.map(({ team_id }) => team_id);
}

/** Keys, what was spent most first: all, those of a user, or one. */
export async function keysBySpend(
  db: Connection,
  whose: { readonly userId: string | null; readonly keyHash: string | null } | null,
  limit: number,
): Promise<readonly VirtualKeyRow[]> {
  return rows<VirtualKeyRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_VerificationToken"
      WHERE team_id IS DISTINCT FROM 'litellm-dashboard' AND ($1::boolean OR user_id = $2 OR token = $3)
      ORDER BY spend DESC, token LIMIT $4`,
    values: [whose === null, whose?.userId ?? null, whose?.keyHash ?? null, limit],
  });
}

/** Users, who has spent most first: all, or one. */
export async function usersBySpend(
  db: Connection,
  userId: string | null,
  limit: number,
): Promise<readonly UserRow[]> {
  return rows<UserRow>(db, {
    text: `
      SELECT ${shownColumns} FROM "LiteLLM_UserTable" WHERE user_id <> $3 AND ($1::text IS NULL OR user_id = $1)
      ORDER BY spend DESC, user_id LIMIT $2`,
    values: [userId, limit, PROXY_BUDGET_USER],
  });
}

/** What all calls together may cost, in USD; null where nothing limits them. */
export async function globalMaxBudget(db: Connection): Promise<number | null> {
  const [row] = await rows<{ max_budget: number | null }>(db, {
    text: 'SELECT max_budget FROM "LiteLLM_UserTable" WHERE user_id = $1',
    values: [PROXY_BUDGET_USER],
  });
  return row?.max_budget ?? null;
}
