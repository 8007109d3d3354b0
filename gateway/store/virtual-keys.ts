import { type Connection, rows } from './connection.ts';

/** A row of "LiteLLM_VerificationToken" as the API shows it; `token` is the key's hash. */
export interface VirtualKeyRow {
  readonly token: string;
  readonly key_name: string | null;
  readonly key_alias: string | null;
  readonly spend: number;
  readonly expires: Date | null;
  readonly models: readonly string[];
  readonly aliases: Readonly<Record<string, unknown>>;
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly blocked: boolean | null;
  readonly rpm_limit: number | null;
  readonly tpm_limit: number | null;
  readonly max_parallel_requests: number | null;
  /** USD. */
  readonly max_budget: number | null;
  readonly budget_duration: string | null;
  readonly budget_reset_at: Date | null;
  readonly created_at: Date | null;
  readonly updated_at: Date | null;
  readonly created_by: string | null;
  readonly updated_by: string | null;
  readonly [column: string]: unknown;
}

/** What authentication needs of a key. */
export interface KeyForAuthentication {
  readonly token: string;
  readonly key_alias: string | null;
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly organization_id: string | null;
  readonly agent_id: string | null;
  readonly models: readonly string[];
  readonly spend: number;
  readonly expires: Date | null;
  readonly blocked: boolean | null;
  readonly user_role: string | null;
  readonly rpm_limit: number | null;
  readonly tpm_limit: number | null;
  readonly max_parallel_requests: number | null;
  /** Members of `metadata`, as they were stored. */
  readonly model_rpm_limit: unknown;
  readonly model_tpm_limit: unknown;
  /** USD. */
  readonly max_budget: number | null;
  /** The key's budget in pico-dollars as it is enforced; null when there is none yet. */
  readonly limit_pico: string | null;
}

/** Hot: one look-up by primary key in each table. */
export async function findKey(db: Connection, hash: string): Promise<KeyForAuthentication | undefined> {
  const [row] = await rows<KeyForAuthentication>(db, {
    name: 'find_key',
    text: `
      SELECT k.token, k.key_alias, k.user_id, k.team_id, k.organization_id, k.agent_id, k.models, k.spend, k.expires,
        k.blocked, u.user_role,
        k.rpm_limit, k.tpm_limit, k.max_parallel_requests,
        k.metadata -> 'model_rpm_limit' AS model_rpm_limit, k.metadata -> 'model_tpm_limit' AS model_tpm_limit,
        k.max_budget, b.limit_pico
      FROM "LiteLLM_VerificationToken" k
      LEFT JOIN budget_state b ON b.scope = 'key:' || k.token
      LEFT JOIN "LiteLLM_UserTable" u ON u.user_id = k.user_id
      WHERE k.token = $1`,
    values: [hash],
  });
  return row;
}

export async function readKey(db: Connection, hash: string): Promise<VirtualKeyRow | undefined> {
  const [row] = await rows<VirtualKeyRow>(db, {
    text: 'SELECT * FROM "LiteLLM_VerificationToken" WHERE token = $1',
    values: [hash],
  });
  return row;
}

/** A key about to be stored: the columns that generation sets, the rest being the table's defaults. */
export interface NewVirtualKey {
  readonly token: string;
  readonly keyName: string;
  readonly keyAlias: string | null;
  readonly expires: Date | null;
  readonly models: readonly string[];
  readonly aliases: object;
  readonly userId: string | null;
  readonly metadata: object;
  readonly blocked: boolean | null;
  readonly spend: number;
  readonly rpmLimit: number | null;
  readonly tpmLimit: number | null;
  readonly maxParallelRequests: number | null;
  /** USD. */
  readonly maxBudget: number | null;
  readonly budgetDuration: string | null;
  readonly createdBy: string;
}

/** Stores a key; undefined when that key exists already. */
export async function insertKey(db: Connection, key: NewVirtualKey): Promise<VirtualKeyRow | undefined> {
  const [row] = await rows<VirtualKeyRow>(db, {
    text: `
      INSERT INTO "LiteLLM_VerificationToken"
        (token, key_name, key_alias, expires, models, aliases, user_id, metadata, blocked, spend, rpm_limit, tpm_limit,
          max_parallel_requests, max_budget, budget_duration, created_by, updated_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
      ON CONFLICT (token) DO NOTHING
      RETURNING *`,
    values: [
      key.token,
      key.keyName,
      key.keyAlias,
      key.expires?.toISOString() ?? null,
      key.models,
      JSON.stringify(key.aliases),
      key.userId,
      JSON.stringify(key.metadata),
      key.blocked,
      key.spend,
      key.rpmLimit,
      key.tpmLimit,
      key.maxParallelRequests,
      key.maxBudget,
      key.budgetDuration,
      key.createdBy,
    ],
  });
  return row;
}

/**
 * Whether a key has this alias already. Uniqueness is a rule, not a constraint, because imported databases may break
 * it; the lock makes two generations of one alias wait for each other until their transactions end.
 */
export async function aliasTaken(db: Connection, alias: string): Promise<boolean> {
  await rows(db, {
    text: "SELECT pg_advisory_xact_lock(hashtextextended('key_alias:' || $1, 0))",
    values: [alias],
  });
  const found = await rows(db, {
    text: 'SELECT 1 FROM "LiteLLM_VerificationToken" WHERE key_alias = $1 LIMIT 1',
    values: [alias],
  });
  return found.length > 0;
}

export async function hashesOfAliases(
  db: Connection,
  aliases: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await rows<{ key_alias: string; token: string }>(db, {
    text: 'SELECT key_alias, token FROM "LiteLLM_VerificationToken" WHERE key_alias = ANY ($1)',
    values: [aliases],
  });
  return new Map(found.map(({ key_alias, token }) => [key_alias, token]));
}

/** Who changed a key, for the columns that say so. */
export interface ChangedBy {
  readonly userId: string;
  readonly keyHash: string;
  /** The person named by the `litellm-changed-by` header. */
  readonly person: string | null;
}

/**
 * Columns that a deleted key keeps, by name: both tables grow by migrations, not always in the same order.
 */
const keptColumns = `
  token, key_name, key_alias, soft_budget_cooldown, spend, expires, models, aliases, config, router_settings, user_id,
  team_id, agent_id, project_id, permissions, max_parallel_requests, metadata, blocked, tpm_limit, rpm_limit, max_budget,
  budget_duration, budget_reset_at, allowed_cache_controls, allowed_routes, policies, access_group_ids, model_spend,
  model_max_budget, budget_limits, budget_id, organization_id, object_permission_id, created_at, updated_at, created_by,
  updated_by, last_active, rotation_count, auto_rotate, rotation_interval, last_rotation_at, key_rotation_at`;

/** Deletes keys, keeping a copy of each in "LiteLLM_DeletedVerificationToken"; returns the hashes that existed. */
export async function deleteKeys(
  db: Connection,
  hashes: readonly string[],
  by: ChangedBy,
): Promise<readonly string[]> {
  const deleted = await rows<{ token: string }>(db, {
    text: `
      WITH gone AS (
        DELETE FROM "LiteLLM_VerificationToken" WHERE token = ANY ($1) RETURNING *
      )
      INSERT INTO "LiteLLM_DeletedVerificationToken"
        (${keptColumns}, deleted_by, deleted_by_api_key, litellm_changed_by)
      SELECT ${keptColumns}, $2, $3, $4 FROM gone
      RETURNING token`,
    values: [hashes, by.userId, by.keyHash, by.person],
  });
  return deleted.map(({ token }) => token);
}

/** Sets or lifts the block; undefined when there is no such key. */
export async function setBlocked(
  db: Connection,
  hash: string,
  blocked: boolean,
  by: ChangedBy,
): Promise<VirtualKeyRow | undefined> {
  const [row] = await rows<VirtualKeyRow>(db, {
    text: `
      UPDATE "LiteLLM_VerificationToken"
      SET blocked = $2, updated_by = $3, updated_at = now() AT TIME ZONE 'UTC'
      WHERE token = $1
      RETURNING *`,
    values: [hash, blocked, by.userId],
  });
  return row;
}

/** The key's row, locked until the transaction ends. */
export async function lockKey(db: Connection, hash: string): Promise<VirtualKeyRow | undefined> {
  const [row] = await rows<VirtualKeyRow>(db, {
    text: 'SELECT * FROM "LiteLLM_VerificationToken" WHERE token = $1 FOR UPDATE',
    values: [hash],
  });
  return row;
}

/** The columns that an update may change. */
export type KeyColumns = Pick<
  VirtualKeyRow,
  | 'key_alias'
  | 'expires'
  | 'models'
  | 'user_id'
  | 'metadata'
  | 'blocked'
  | 'rpm_limit'
  | 'tpm_limit'
  | 'max_parallel_requests'
  | 'max_budget'
  | 'budget_duration'
  | 'budget_reset_at'
>;

/** Writes these columns of a key that is locked. */
export async function updateKey(db: Connection, hash: string, key: KeyColumns, by: ChangedBy): Promise<void> {
  await rows(db, {
    text: `
      UPDATE "LiteLLM_VerificationToken"
      SET key_alias = $2, expires = $3, models = $4, user_id = $5, metadata = $6, blocked = $7, rpm_limit = $8,
        tpm_limit = $9, max_parallel_requests = $10, max_budget = $11, budget_duration = $12, budget_reset_at = $13,
        updated_by = $14, updated_at = now() AT TIME ZONE 'UTC'
      WHERE token = $1`,
    values: [
      hash,
      key.key_alias,
      key.expires?.toISOString() ?? null,
      key.models,
      key.user_id,
      JSON.stringify(key.metadata),
      key.blocked,
      key.rpm_limit,
      key.tpm_limit,
      key.max_parallel_requests,
      key.max_budget,
      key.budget_duration,
      key.budget_reset_at?.toISOString() ?? null,
      by.userId,
    ],
  });
}

export const sortableColumns = [
  'spend',
  'max_budget',
  'created_at',
  'updated_at',
  'token',
  'key_alias',
] as const;

export interface KeyQuery {
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly projectId: string | null;
  readonly keyHash: string | null;
  readonly keyAlias: string | null;
  /** Also keys that this user has made for others; only beside userId. */
  readonly includeCreatedBy: boolean;
  /** List deleted keys instead of living ones. */
  readonly deleted: boolean;
  readonly sortBy: (typeof sortableColumns)[number] | null;
  readonly sortOrder: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

export interface KeyPage {
  readonly keys: readonly VirtualKeyRow[];
  readonly totalCount: number;
}

const tableOf = (query: KeyQuery): string =>
  query.deleted ? '"LiteLLM_DeletedVerificationToken"' : '"LiteLLM_VerificationToken"';

/** The condition that a listing and its count share, and its values in their order. */
function listed(query: KeyQuery): { condition: string; values: unknown[] } {
  const owner = query.includeCreatedBy ? '(user_id = ? OR created_by = ?)' : 'user_id = ?';
  const wanted: ReadonlyArray<readonly [string, string | null]> = [
    [owner, query.userId],
    ['team_id = ?', query.teamId],
    ['organization_id = ?', query.organizationId],
    ['project_id = ?', query.projectId],
    ['token = ?', query.keyHash],
    ['key_alias = ?', query.keyAlias],
  ];
  const asked = wanted.filter(([, value]) => value !== null);
  // Keys of LiteLLM's own UI sessions, in an imported database, are not for people.
  const conditions = [
    "team_id IS DISTINCT FROM 'litellm-dashboard'",
    ...asked.map(([condition], index) => condition.replaceAll('?', `$${index + 1}`)),
  ];
  return { condition: conditions.join(' AND '), values: asked.map(([, value]) => value) };
}

export async function listKeys(db: Connection, query: KeyQuery): Promise<KeyPage> {
  const { condition, values } = listed(query);
  const order = query.sortBy ?? 'created_at';
  const direction = query.sortOrder === 'asc' ? 'ASC' : 'DESC';
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM ${tableOf(query)} WHERE ${condition}`,
    values,
  });
  const keys = await rows<VirtualKeyRow>(db, {
    text: `
      SELECT * FROM ${tableOf(query)} WHERE ${condition}
      ORDER BY ${order} ${direction} NULLS LAST, token
      LIMIT $${values.length + 1} OFFSET $${values.length + 2}`,
    values: [...values, query.limit, query.offset],
  });
  return { keys, totalCount: counted?.total ?? 0 };
}

export async function countKeys(db: Connection): Promise<number> {
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM "LiteLLM_VerificationToken" WHERE team_id IS DISTINCT FROM 'litellm-dashboard'`,
  });
  return counted?.total ?? 0;
}
