import type { ChangedBy } from './changed-by.ts';
import { type Connection, rows } from './connection.ts';
import { memberBudgetId } from './follow-budgets.ts';
import { containing } from './json-columns.ts';
import { removeKeyBudgets } from './owner-budgets.ts';
import { type LinkedLimitColumns, type OwnerLimitColumns, ownerLimitColumns } from './owner-limits.ts';

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
  readonly organization_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly blocked: boolean | null;
  readonly rpm_limit: number | null;
  readonly tpm_limit: number | null;
  readonly max_parallel_requests: number | null;
  /** USD. */
  readonly max_budget: number | null;
  readonly budget_duration: string | null;
  readonly budget_reset_at: Date | null;
  /** Budgets of windows of time, and of single models, as they were sent. */
  readonly budget_limits: unknown;
  readonly model_max_budget: unknown;
  readonly budget_id: string | null;
  readonly allowed_routes: readonly string[];
  /** As they were sent. */
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly created_at: Date | null;
  readonly updated_at: Date | null;
  readonly created_by: string | null;
  readonly updated_by: string | null;
  readonly [column: string]: unknown;
}

/** What authentication needs of a key, and of the user, the team and the organisation that it acts for. */
export interface KeyForAuthentication extends OwnerLimitColumns, LinkedLimitColumns {
  readonly token: string;
  readonly key_alias: string | null;
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly agent_id: string | null;
  readonly models: readonly string[];
  readonly spend: number;
  readonly expires: Date | null;
  readonly blocked: boolean | null;
  readonly allowed_routes: readonly string[];
  readonly sees_all_sums: boolean;
  /** Until when a rotated key may still be used; null for the key that is in force. */
  readonly revoke_at: Date | null;
  readonly user_role: string | null;
  readonly rpm_limit: number | null;
  readonly tpm_limit: number | null;
  readonly max_parallel_requests: number | null;
  /** Members of `metadata`, as they were stored. */
  readonly model_rpm_limit: unknown;
  readonly model_tpm_limit: unknown;
  /** USD; of the key itself, or of the budget that it is linked to. */
  readonly max_budget: number | null;
  readonly team_max_budget: number | null;
  readonly organization_max_budget: number | null;
  readonly user_max_budget: number | null;
  /** What the key's user may spend in the key's team. */
  readonly member_max_budget: number | null;
  /** What the key's user may spend in the key's organisation. */
  readonly organization_member_max_budget: number | null;
  /** Windows of time, `budget_limits`. */
  readonly windows: unknown;
  readonly team_windows: unknown;
  /** `model_max_budget`; that of the key itself is in `model_limits`. */
  readonly organization_model_budgets: unknown;
  readonly organization_member_model_budgets: unknown;
  readonly user_model_budgets: unknown;
  readonly member_model_budgets: unknown;
  /** The budgets that any of these comes from by a link. */
  readonly budget_ids: readonly string[];
  readonly user_models: readonly string[] | null;
  /** Null also when the key names a team that does not exist. */
  readonly team_models: readonly string[] | null;
  readonly team_blocked: boolean | null;
  /** What the key's user is bound to in its team, by the user's own list or that of all members; empty or null for nothing. */
  readonly member_models: readonly string[] | null;
  /** An object, unless another program has written it. */
  readonly key_metadata: unknown;
  readonly team_metadata: unknown;
  /** Names of models, by what the key and the team call them; as they were stored. */
  readonly key_aliases: unknown;
  readonly team_aliases: unknown;
  /** That of its team, else the key's own: a key of a team is held to what the team's organisation may. */
  readonly organization_id: string | null;
  readonly organization_models: readonly string[] | null;
  readonly member_of_teams: readonly string[];
  readonly admin_of_teams: readonly string[];
  readonly admin_of_organizations: readonly string[];
}

const teamsWhere = (member: string): string => `ARRAY(
          SELECT m.team_id FROM "LiteLLM_TeamTable" m
          WHERE k.user_id IS NOT NULL AND m.members_with_roles @> jsonb_build_array(jsonb_build_object(${member}))
        )`;

/** Hot: a primary-key look-up in each table, and two of the teams of a user. A rotated key stands for its successor. */
export async function findKey(db: Connection, hash: string): Promise<KeyForAuthentication | undefined> {
  const [row] = await rows<KeyForAuthentication>(db, {
    name: 'find_key',
    text: `
      SELECT k.token, k.key_alias, k.user_id, k.team_id, k.agent_id, k.models, k.spend, k.expires, k.blocked,
        k.allowed_routes, k.permissions @> '{"get_spend_routes": true}' AS sees_all_sums,
        (SELECT revoke_at FROM "LiteLLM_DeprecatedVerificationToken" WHERE token = $1) AS revoke_at,
        k.rpm_limit, k.tpm_limit, k.max_parallel_requests,
        k.metadata -> 'model_rpm_limit' AS model_rpm_limit, k.metadata -> 'model_tpm_limit' AS model_tpm_limit,
        ${ownerLimitColumns},
        coalesce(k.max_budget, kb.max_budget) AS max_budget,
        t.max_budget AS team_max_budget, u.max_budget AS user_max_budget, ob.max_budget AS organization_max_budget,
        CASE WHEN m.user_id IS NOT NULL THEN mb.max_budget END AS member_max_budget,
        omb.max_budget AS organization_member_max_budget, omb.model_max_budget AS organization_member_model_budgets,
        k.budget_limits AS windows, t.budget_limits AS team_windows, ob.model_max_budget AS organization_model_budgets,
        u.model_max_budget AS user_model_budgets,
        CASE WHEN m.user_id IS NOT NULL THEN mb.model_max_budget END AS member_model_budgets,
        array_remove(ARRAY[kb.budget_id, ob.budget_id, mb.budget_id, omb.budget_id], NULL) AS budget_ids,
        u.user_role, u.models AS user_models, t.models AS team_models, t.blocked AS team_blocked,
        CASE WHEN k.user_id IS NOT NULL
          THEN coalesce(nullif(mb.allowed_models, '{}'), t.default_team_member_models) END AS member_models,
        k.metadata AS key_metadata, t.metadata AS team_metadata,
        k.aliases AS key_aliases,
        (SELECT n.aliases FROM "LiteLLM_ModelTable" n WHERE n.id = t.model_id) AS team_aliases,
        o.organization_id, o.models AS organization_models,
        ${teamsWhere(`'user_id', k.user_id`)} AS member_of_teams,
        ${teamsWhere(`'user_id', k.user_id, 'role', 'admin'`)} AS admin_of_teams,
        ARRAY(
          SELECT m.organization_id FROM "LiteLLM_OrganizationMembership" m
          WHERE m.user_id = k.user_id AND m.user_role = 'org_admin'
        ) AS admin_of_organizations
      FROM "LiteLLM_VerificationToken" k
      LEFT JOIN "LiteLLM_UserTable" u ON u.user_id = k.user_id
      LEFT JOIN "LiteLLM_TeamTable" t ON t.team_id = k.team_id
      LEFT JOIN "LiteLLM_OrganizationTable" o ON o.organization_id = coalesce(t.organization_id, k.organization_id)
      LEFT JOIN "LiteLLM_TeamMembership" m ON m.team_id = k.team_id AND m.user_id = k.user_id
      LEFT JOIN "LiteLLM_BudgetTable" kb ON kb.budget_id = k.budget_id
      LEFT JOIN "LiteLLM_BudgetTable" ob ON ob.budget_id = o.budget_id
      LEFT JOIN "LiteLLM_BudgetTable" mb ON k.user_id IS NOT NULL AND mb.budget_id = ${memberBudgetId('m', 't')}
      LEFT JOIN "LiteLLM_OrganizationMembership" om ON om.organization_id = o.organization_id AND om.user_id = k.user_id
      LEFT JOIN "LiteLLM_BudgetTable" omb ON omb.budget_id = om.budget_id
      WHERE k.token = coalesce(
        (SELECT active_token_id FROM "LiteLLM_DeprecatedVerificationToken" WHERE token = $1), $1)`,
    values: [hash],
  });
  return row;
}

/** Those of the keys that exist. */
export async function readKeys(db: Connection, hashes: readonly string[]): Promise<readonly VirtualKeyRow[]> {
  return rows<VirtualKeyRow>(db, {
    text: 'SELECT * FROM "LiteLLM_VerificationToken" WHERE token = ANY ($1)',
    values: [hashes],
  });
}

export async function readKey(db: Connection, hash: string): Promise<VirtualKeyRow | undefined> {
  return (await readKeys(db, [hash]))[0];
}

/** A key about to be stored: the columns that generation sets, the rest being the table's defaults. */
export interface NewVirtualKey {
  readonly token: string;
  readonly keyName: string | null;
  readonly keyAlias: string | null;
  readonly expires: Date | null;
  readonly models: readonly string[];
  readonly aliases: object;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly allowedRoutes: readonly string[];
  readonly metadata: object;
  readonly blocked: boolean | null;
  readonly spend: number;
  readonly rpmLimit: number | null;
  readonly tpmLimit: number | null;
  readonly maxParallelRequests: number | null;
  /** USD. */
  readonly maxBudget: number | null;
  readonly budgetDuration: string | null;
  readonly budgetLimits: VirtualKeyRow['budget_limits'];
  readonly modelMaxBudget: object;
  readonly budgetId: string | null;
  readonly permissions: object;
  readonly createdBy: string;
}

/** Stores a key; undefined when that key exists already, or another one has followed it. */
export async function insertKey(db: Connection, key: NewVirtualKey): Promise<VirtualKeyRow | undefined> {
  const [row] = await rows<VirtualKeyRow>(db, {
    text: `
      INSERT INTO "LiteLLM_VerificationToken"
        (token, key_name, key_alias, expires, models, aliases, user_id, team_id, allowed_routes, metadata, blocked, spend,
          rpm_limit, tpm_limit, max_parallel_requests, max_budget, budget_duration, budget_limits, model_max_budget,
          budget_id, organization_id, created_by, updated_by, permissions)
      SELECT $1, $2, $3, $4::timestamp, $5::text[], $6::jsonb, $7, $8, $9::text[], $10::jsonb, $11::boolean,
        $12::double precision, $13::bigint, $14::bigint, $15::integer, $16::double precision, $17, $18::jsonb, $19::jsonb,
        $20, $21, $22, $22, $23::jsonb
      WHERE NOT EXISTS (SELECT 1 FROM "LiteLLM_DeprecatedVerificationToken" WHERE token = $1)
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
      key.teamId,
      key.allowedRoutes,
      JSON.stringify(key.metadata),
      key.blocked,
      key.spend,
      key.rpmLimit,
      key.tpmLimit,
      key.maxParallelRequests,
      key.maxBudget,
      key.budgetDuration,
      key.budgetLimits === null ? null : JSON.stringify(key.budgetLimits),
      JSON.stringify(key.modelMaxBudget),
      key.budgetId,
      key.organizationId,
      key.createdBy,
      JSON.stringify(key.permissions),
    ],
  });
  return row;
}

/**
 * Whether another key than `except` has this alias already. Uniqueness is a rule, not a constraint, because imported
 * databases may break it; the lock makes two generations of one alias wait for each other until their transactions end.
 */
export async function aliasTaken(db: Connection, alias: string, except = ''): Promise<boolean> {
  await rows(db, {
    text: "SELECT pg_advisory_xact_lock(hashtextextended('key_alias:' || $1, 0))",
    values: [alias],
  });
  const found = await rows(db, {
    text: 'SELECT 1 FROM "LiteLLM_VerificationToken" WHERE key_alias = $1 AND token <> $2 LIMIT 1',
    values: [alias, except],
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

/**
 * Columns that a deleted key keeps, by name: both tables grow by migrations, not always in the same order.
 */
const keptColumns = `
  token, key_name, key_alias, soft_budget_cooldown, spend, expires, models, aliases, config, router_settings, user_id,
  team_id, agent_id, project_id, permissions, max_parallel_requests, metadata, blocked, tpm_limit, rpm_limit, max_budget,
  budget_duration, budget_reset_at, allowed_cache_controls, allowed_routes, policies, access_group_ids, model_spend,
  model_max_budget, budget_limits, budget_id, organization_id, object_permission_id, created_at, updated_at, created_by,
  updated_by, last_active, rotation_count, auto_rotate, rotation_interval, last_rotation_at, key_rotation_at`;

/** Copies keys into "LiteLLM_DeletedVerificationToken". */
export async function keepDeleted(db: Connection, hashes: readonly string[], by: ChangedBy): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_DeletedVerificationToken"
        (${keptColumns}, deleted_by, deleted_by_api_key, litellm_changed_by)
      SELECT ${keptColumns}, $2, $3, $4 FROM "LiteLLM_VerificationToken" WHERE token = ANY ($1)`,
    values: [hashes, by.userId, by.keyHash, by.person],
  });
}

/** Deletes keys and their budgets, keeping a copy of each key; returns those that existed. */
export async function deleteKeys(
  db: Connection,
  hashes: readonly string[],
  by: ChangedBy,
): Promise<readonly VirtualKeyRow[]> {
  const deleted = await rows<VirtualKeyRow>(db, {
    text: `
      WITH gone AS (
        DELETE FROM "LiteLLM_VerificationToken" WHERE token = ANY ($1) RETURNING *
      ), kept AS (
        INSERT INTO "LiteLLM_DeletedVerificationToken"
          (${keptColumns}, deleted_by, deleted_by_api_key, litellm_changed_by)
        SELECT ${keptColumns}, $2, $3, $4 FROM gone
      )
      SELECT * FROM gone`,
    values: [hashes, by.userId, by.keyHash, by.person],
  });
  const gone = deleted.map(({ token }) => token);
  await removeKeyBudgets(db, gone);
  return deleted;
}

/** Those whose keys are meant. */
export interface KeyOwners {
  readonly teamIds?: readonly string[];
  readonly userIds?: readonly string[];
  readonly organizationIds?: readonly string[];
}

/** The hashes of every key of these teams, users or organisations. */
export async function hashesOfOwners(
  db: Connection,
  { teamIds = [], userIds = [], organizationIds = [] }: KeyOwners,
): Promise<readonly string[]> {
  const found = await rows<{ token: string }>(db, {
    text: `
      SELECT token FROM "LiteLLM_VerificationToken"
      WHERE team_id = ANY ($1) OR user_id = ANY ($2) OR organization_id = ANY ($3)`,
    values: [teamIds, userIds, organizationIds],
  });
  return found.map(({ token }) => token);
}

/** Every key of these teams, or of these users; or every key. */
export async function keysOfOwners(
  db: Connection,
  owners: { teamIds?: readonly string[]; userIds?: readonly string[] } | 'everybody',
): Promise<readonly VirtualKeyRow[]> {
  const { teamIds = [], userIds = [] } = owners === 'everybody' ? {} : owners;
  return rows<VirtualKeyRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_VerificationToken"
      WHERE (team_id = ANY ($1) OR user_id = ANY ($2) OR $3) AND ${FOR_PEOPLE}
      ORDER BY created_at DESC, token`,
    values: [teamIds, userIds, owners === 'everybody'],
  });
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

export const sortableColumns = [
  'spend',
  'max_budget',
  'created_at',
  'updated_at',
  'token',
  'key_alias',
] as const;

/** The keys of somebody: of a user, one key by itself, and every key of some teams. */
export interface KeyOwner {
  readonly userId: string | null;
  readonly keyHash: string | null;
  readonly teamIds: readonly string[];
  /** Also keys that this user has made for others. */
  readonly includeCreatedBy: boolean;
}

export interface KeyQuery {
  /** Null for the keys of everybody. */
  readonly owner: KeyOwner | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly projectId: string | null;
  readonly keyHash: string | null;
  readonly keyAlias: string | null;
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

/** Keys of LiteLLM's own UI sessions, in an imported database, are not for people. */
const FOR_PEOPLE = "team_id IS DISTINCT FROM 'litellm-dashboard'";

interface Condition {
  readonly condition: string;
  /** In their order. */
  readonly values: unknown[];
}

function ofOwner(owner: KeyOwner | null): Condition {
  if (owner === null) return { condition: FOR_PEOPLE, values: [] };
  const creator = owner.includeCreatedBy ? ' OR created_by = $1' : '';
  return {
    condition: `${FOR_PEOPLE} AND (user_id = $1${creator} OR token = $2 OR team_id = ANY ($3))`,
    values: [owner.userId, owner.keyHash, owner.teamIds],
  };
}

/** The condition that a listing and its count share. */
function listed(query: KeyQuery): Condition {
  const { condition, values } = ofOwner(query.owner);
  const conditions = [condition];
  const filters = {
    team_id: query.teamId,
    project_id: query.projectId,
    token: query.keyHash,
    key_alias: query.keyAlias,
  };
  for (const [column, value] of Object.entries(filters)) {
    if (value !== null) conditions.push(`${column} = $${values.push(value)}`);
  }
  if (query.organizationId !== null) {
    const organization = `$${values.push(query.organizationId)}`;
    conditions.push(`(organization_id = ${organization} OR team_id IN (
      SELECT team_id FROM "LiteLLM_TeamTable" WHERE organization_id = ${organization}))`);
  }
  return { condition: conditions.join(' AND '), values };
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

/** One page of the different aliases that contain `part`, of somebody's keys, or with null of all. */
export async function aliasesOf(
  db: Connection,
  query: Pick<KeyQuery, 'owner' | 'limit' | 'offset'> & { readonly part: string },
): Promise<{ readonly aliases: readonly string[]; readonly total: number }> {
  const { condition, values } = ofOwner(query.owner);
  const found = `
    SELECT DISTINCT key_alias FROM "LiteLLM_VerificationToken"
    WHERE ${condition} AND key_alias ILIKE $${values.length + 1}`;
  const sought = [...values, containing(query.part)];
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM (${found}) AS aliases`,
    values: sought,
  });
  const page = await rows<{ key_alias: string }>(db, {
    text: `${found} ORDER BY key_alias LIMIT $${sought.length + 1} OFFSET $${sought.length + 2}`,
    values: [...sought, query.limit, query.offset],
  });
  return { aliases: page.map(({ key_alias }) => key_alias), total: counted?.total ?? 0 };
}

export async function countKeys(db: Connection): Promise<number> {
  const [counted] = await rows<{ total: number }>(db, {
    text: `SELECT count(*) AS total FROM "LiteLLM_VerificationToken" WHERE ${FOR_PEOPLE}`,
  });
  return counted?.total ?? 0;
}
