import { PROXY_BUDGET_USER } from '../identity/owners.ts';
import { type Connection, rows } from './connection.ts';
import { columnsFromJson } from './json-columns.ts';

/** Member of the admin row's `metadata` that keeps a hash of the initial password which the admin's own replaced. */
const REPLACED = 'ui_replaced_initial_password';

export interface StoredPassword {
  /** Hash of the user's own password; null while the initial one is in force. */
  readonly password: string | null;
  /** Hash of the initial password that it replaced. */
  readonly replacedInitial: string | null;
}

export async function readPassword(db: Connection, userId: string): Promise<StoredPassword> {
  const [row] = await rows<{ password: string | null; replaced_initial: string | null }>(db, {
    text: 'SELECT password, metadata ->> $2 AS replaced_initial FROM "LiteLLM_UserTable" WHERE user_id = $1',
    values: [userId, REPLACED],
  });
  return { password: row?.password ?? null, replacedInitial: row?.replaced_initial ?? null };
}

/** Stores a user's password; false when the stored one is no longer `previous`, so that of two changes at once one wins. */
export async function replacePassword(
  db: Connection,
  userId: string,
  previous: string | null,
  next: { readonly password: string; readonly replacedInitial: string },
): Promise<boolean> {
  const changed = await rows(db, {
    text: `
      UPDATE "LiteLLM_UserTable"
      SET password = $3, metadata = metadata || jsonb_build_object($4::text, $5::text),
          updated_at = now() AT TIME ZONE 'UTC'
      WHERE user_id = $1 AND password IS NOT DISTINCT FROM $2
      RETURNING user_id`,
    values: [userId, previous, next.password, REPLACED, next.replacedInitial],
  });
  return changed.length === 1;
}

/** Gives a user a password, and forgets the one before. */
export async function setPassword(db: Connection, userId: string, password: string): Promise<void> {
  await rows(db, {
    text: 'UPDATE "LiteLLM_UserTable" SET password = $2 WHERE user_id = $1',
    values: [userId, password],
  });
}

/** Forgets a user's own password: the initial one is in force again. */
export async function forgetPassword(db: Connection, userId: string): Promise<void> {
  await rows(db, {
    text: `
      UPDATE "LiteLLM_UserTable"
      SET password = NULL, metadata = metadata - $2::text, updated_at = now() AT TIME ZONE 'UTC'
      WHERE user_id = $1`,
    values: [userId, REPLACED],
  });
}

/** Makes sure that the built-in admin has its row, also in a database that another program has filled. */
export async function ensureAdmin(db: Connection, userId: string): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_UserTable" (user_id, user_role) VALUES ($1, 'proxy_admin')
      ON CONFLICT (user_id) DO NOTHING`,
    values: [userId],
  });
}

/** A row of "LiteLLM_UserTable" as the API shows it, which is without the password. */
export interface UserRow {
  readonly user_id: string;
  readonly user_alias: string | null;
  readonly user_email: string | null;
  readonly user_role: string | null;
  readonly teams: readonly string[];
  readonly models: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spend: number;
  /** USD. */
  readonly max_budget: number | null;
  readonly budget_duration: string | null;
  readonly budget_reset_at: Date | null;
  /** Budgets of single models, as they were sent. */
  readonly model_max_budget: unknown;
  readonly rpm_limit: number | null;
  readonly tpm_limit: number | null;
  readonly max_parallel_requests: number | null;
  readonly created_at: Date | null;
  readonly updated_at: Date | null;
  readonly [column: string]: unknown;
}

/** Every column but the password, and without the admin's bookkeeping of it. */
export const shownColumns = `
  user_id, user_alias, team_id, sso_user_id, organization_id, object_permission_id, teams, user_role, max_budget, spend,
  user_email, models, metadata - '${REPLACED}' AS metadata, max_parallel_requests, tpm_limit, rpm_limit, budget_duration,
  budget_reset_at, allowed_cache_controls, policies, model_spend, model_max_budget, created_at, updated_at`;

const settable = [
  'user_alias',
  'user_email',
  'user_role',
  'models',
  'spend',
  'max_budget',
  'budget_duration',
  'budget_reset_at',
  'model_max_budget',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
] as const;

export type UserColumns = Partial<Pick<UserRow, (typeof settable)[number] | 'metadata'>>;

/** New metadata replace the old ones but for the admin's bookkeeping, which nobody can set or take away here. */
const metadataFromJson = `metadata = CASE WHEN $2::jsonb ? 'metadata'
        THEN ($2::jsonb -> 'metadata') - '${REPLACED}' || CASE WHEN metadata ? '${REPLACED}'
          THEN jsonb_build_object('${REPLACED}', metadata -> '${REPLACED}') ELSE '{}' END
        ELSE metadata END`;

/** Stores a user without anything; false when that id is taken. */
export async function insertUser(db: Connection, userId: string): Promise<boolean> {
  const made = await rows(db, {
    text: 'INSERT INTO "LiteLLM_UserTable" (user_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING user_id',
    values: [userId],
  });
  return made.length === 1;
}

/** Changes the columns that are named; undefined when there is no such user. */
export async function updateUser(
  db: Connection,
  userId: string,
  changes: UserColumns,
): Promise<UserRow | undefined> {
  const [row] = await rows<UserRow>(db, {
    text: `
      UPDATE "LiteLLM_UserTable" t
      SET updated_at = now() AT TIME ZONE 'UTC', ${metadataFromJson}, ${columnsFromJson(settable, '$2')}
      WHERE user_id = $1
      RETURNING ${shownColumns}`,
    values: [userId, JSON.stringify(changes)],
  });
  return row;
}

export async function readUsers(db: Connection, userIds: readonly string[]): Promise<readonly UserRow[]> {
  return rows<UserRow>(db, {
    text: `SELECT ${shownColumns} FROM "LiteLLM_UserTable" WHERE user_id = ANY ($1) ORDER BY user_id`,
    values: [userIds],
  });
}

export async function readUser(db: Connection, userId: string): Promise<UserRow | undefined> {
  return (await readUsers(db, [userId]))[0];
}

/** Reads users and holds them until the transaction ends. */
export async function lockUsers(db: Connection, userIds: readonly string[]): Promise<readonly UserRow[]> {
  return rows<UserRow>(db, {
    text: `
      SELECT ${shownColumns} FROM "LiteLLM_UserTable" WHERE user_id = ANY ($1) ORDER BY user_id FOR UPDATE`,
    values: [userIds],
  });
}

/** The users with this address, written in any case: another program may have given it to several. */
export async function usersByEmail(db: Connection, email: string): Promise<readonly UserRow[]> {
  return rows<UserRow>(db, {
    text: `
      SELECT ${shownColumns} FROM "LiteLLM_UserTable" WHERE lower(user_email) = lower($1) ORDER BY user_id`,
    values: [email],
  });
}

/** Lets two changes that give somebody the same address wait for each other until their transactions end. */
export async function lockEmail(db: Connection, email: string): Promise<void> {
  await rows(db, {
    text: "SELECT pg_advisory_xact_lock(hashtextextended('user_email:' || lower($1), 0))",
    values: [email],
  });
}

/** Notes in users' rows that they are in a team; users without a row are left out. */
export async function noteTeam(
  db: Connection,
  userIds: readonly string[],
  teamId: string,
): Promise<readonly UserRow[]> {
  return rows<UserRow>(db, {
    text: `
      UPDATE "LiteLLM_UserTable"
      SET teams = CASE WHEN $2 = ANY (teams) THEN teams ELSE array_append(teams, $2) END
      WHERE user_id = ANY ($1)
      RETURNING ${shownColumns}`,
    values: [userIds, teamId],
  });
}

/** Takes teams out of the rows of everybody who is in one of them. */
export async function forgetTeams(
  db: Connection,
  teamIds: readonly string[],
  userIds: readonly string[],
): Promise<void> {
  await rows(db, {
    text: `
      UPDATE "LiteLLM_UserTable"
      SET teams = ARRAY(SELECT team FROM unnest(teams) AS team WHERE team <> ALL ($1))
      WHERE user_id = ANY ($2)`,
    values: [teamIds, userIds],
  });
}

/** Users who are not in this team, at most so many; the row that stands for the whole gateway is nobody. */
export async function userIdsOutside(
  db: Connection,
  teamId: string,
  most: number,
): Promise<readonly string[]> {
  const found = await rows<{ user_id: string }>(db, {
    text: `
      SELECT user_id FROM "LiteLLM_UserTable" u
      WHERE user_id <> $2 AND NOT EXISTS (
        SELECT 1 FROM "LiteLLM_TeamTable" t
        WHERE t.team_id = $1
          AND t.members_with_roles @> jsonb_build_array(jsonb_build_object('user_id', u.user_id))
      )
      ORDER BY user_id LIMIT $3`,
    values: [teamId, PROXY_BUDGET_USER, most],
  });
  return found.map(({ user_id }) => user_id);
}

/** The users that there are, at most so many; the row that stands for the whole gateway is nobody. */
export async function allUserIds(db: Connection, most: number): Promise<readonly string[]> {
  const found = await rows<{ user_id: string }>(db, {
    text: 'SELECT user_id FROM "LiteLLM_UserTable" WHERE user_id <> $1 ORDER BY user_id LIMIT $2',
    values: [PROXY_BUDGET_USER, most],
  });
  return found.map(({ user_id }) => user_id);
}

export async function countUsers(db: Connection): Promise<number> {
  const [counted] = await rows<{ total: number }>(db, {
    text: 'SELECT count(*) AS total FROM "LiteLLM_UserTable" WHERE user_id <> $1',
    values: [PROXY_BUDGET_USER],
  });
  return counted?.total ?? 0;
}

export async function deleteUsers(db: Connection, userIds: readonly string[]): Promise<number> {
  const gone = await rows(db, {
    text: `
      WITH memberships AS (
        DELETE FROM "LiteLLM_TeamMembership" WHERE user_id = ANY ($1)
      )
      DELETE FROM "LiteLLM_UserTable" WHERE user_id = ANY ($1) RETURNING user_id`,
    values: [userIds],
  });
  return gone.length;
}
