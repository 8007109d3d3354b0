import type { ChangedBy } from './changed-by.ts';
import { type Connection, rows } from './connection.ts';
import { columnsFromJson } from './json-columns.ts';

/** A person in a team; the team's row holds the list of them. */
export interface TeamMember {
  readonly user_id: string | null;
  readonly user_email: string | null;
  readonly role: 'admin' | 'user';
}

/** A row of "LiteLLM_TeamTable" as the API shows it. */
export interface TeamRow {
  readonly team_id: string;
  readonly team_alias: string | null;
  readonly organization_id: string | null;
  readonly members_with_roles: readonly TeamMember[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly models: readonly string[];
  /** Models that members are bound to who have no list of their own; empty where it says nothing of them. */
  readonly default_team_member_models: readonly string[];
  readonly blocked: boolean;
  readonly spend: number;
  /** USD. */
  readonly max_budget: number | null;
  /** USD. */
  readonly soft_budget: number | null;
  readonly budget_duration: string | null;
  readonly budget_reset_at: Date | null;
  /** Budgets of windows of time, as they were sent. */
  readonly budget_limits: unknown;
  readonly team_member_permissions: readonly string[];
  readonly rpm_limit: number | null;
  readonly tpm_limit: number | null;
  readonly max_parallel_requests: number | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly [column: string]: unknown;
}

/** Every column of a team `t`, and what it calls models as the API shows it. */
export const teamColumns = `t.*, (
        SELECT jsonb_build_object('id', m.id, 'model_aliases', coalesce(m.aliases, '{}'))
        FROM "LiteLLM_ModelTable" m WHERE m.id = t.model_id
      ) AS litellm_model_table`;

const settable = [
  'team_alias',
  'organization_id',
  'members_with_roles',
  'metadata',
  'models',
  'default_team_member_models',
  'blocked',
  'team_member_permissions',
  'max_budget',
  'soft_budget',
  'budget_duration',
  'budget_reset_at',
  'budget_limits',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
] as const;

export type TeamColumns = Partial<Pick<TeamRow, (typeof settable)[number]>>;

/** An imported row without members holds the column's default, which is no list. */
export function asRead(row: TeamRow): TeamRow {
  return Array.isArray(row.members_with_roles) ? row : { ...row, members_with_roles: [] };
}

/** Stores an empty team; false when that id is taken. */
export async function insertTeam(db: Connection, teamId: string): Promise<boolean> {
  const made = await rows(db, {
    text: 'INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING team_id',
    values: [teamId],
  });
  return made.length === 1;
}

/** Changes the columns that are named; undefined when there is no such team. */
export async function updateTeam(
  db: Connection,
  teamId: string,
  changes: TeamColumns,
): Promise<TeamRow | undefined> {
  const [row] = await rows<TeamRow>(db, {
    text: `
      UPDATE "LiteLLM_TeamTable" t
      SET updated_at = now() AT TIME ZONE 'UTC', ${columnsFromJson(settable, '$2')}
      WHERE team_id = $1
      RETURNING ${teamColumns}`,
    values: [teamId, JSON.stringify(changes)],
  });
  return row && asRead(row);
}

export async function readTeams(db: Connection, teamIds: readonly string[]): Promise<readonly TeamRow[]> {
  const found = await rows<TeamRow>(db, {
    text: `
      SELECT ${teamColumns} FROM "LiteLLM_TeamTable" t WHERE team_id = ANY ($1) ORDER BY team_alias, team_id`,
    values: [teamIds],
  });
  return found.map(asRead);
}

export async function readTeam(db: Connection, teamId: string): Promise<TeamRow | undefined> {
  return (await readTeams(db, [teamId]))[0];
}

/** Reads a team and holds it until the transaction ends: its list of members is changed by reading and writing it. */
export async function lockTeam(db: Connection, teamId: string): Promise<TeamRow | undefined> {
  const [row] = await rows<TeamRow>(db, {
    text: `SELECT ${teamColumns} FROM "LiteLLM_TeamTable" t WHERE team_id = $1 FOR UPDATE OF t`,
    values: [teamId],
  });
  return row && asRead(row);
}

/** The teams of organisations, locked until the transaction ends. */
export async function lockTeamsIn(
  db: Connection,
  organizationIds: readonly string[],
): Promise<readonly TeamRow[]> {
  const found = await rows<TeamRow>(db, {
    text: `
      SELECT ${teamColumns} FROM "LiteLLM_TeamTable" t
      WHERE organization_id = ANY ($1) ORDER BY team_id FOR UPDATE OF t`,
    values: [organizationIds],
  });
  return found.map(asRead);
}

/** The teams that list this user as a member, locked until the transaction ends. */
export async function lockTeamsOf(db: Connection, userId: string): Promise<readonly TeamRow[]> {
  const found = await rows<TeamRow>(db, {
    text: `
      SELECT ${teamColumns} FROM "LiteLLM_TeamTable" t
      WHERE members_with_roles @> jsonb_build_array(jsonb_build_object('user_id', $1::text))
      ORDER BY team_id
      FOR UPDATE OF t`,
    values: [userId],
  });
  return found.map(asRead);
}

/** Columns that a deleted team keeps, by name: both tables grow by migrations, not always in the same order. */
const keptColumns = `
  team_id, team_alias, organization_id, object_permission_id, admins, members, members_with_roles, metadata, max_budget,
  soft_budget, spend, models, max_parallel_requests, tpm_limit, rpm_limit, budget_duration, budget_reset_at, blocked,
  created_at, updated_at, model_spend, model_max_budget, router_settings, team_member_permissions, access_group_ids,
  policies, default_team_member_models, budget_limits, model_id, allow_team_guardrail_config`;

/** Deletes teams with their memberships, and keeps a copy of each team in "LiteLLM_DeletedTeamTable". */
export async function deleteTeams(db: Connection, teamIds: readonly string[], by: ChangedBy): Promise<void> {
  await rows(db, {
    text: `
      WITH memberships AS (
        DELETE FROM "LiteLLM_TeamMembership" WHERE team_id = ANY ($1)
      ), gone AS (
        DELETE FROM "LiteLLM_TeamTable" WHERE team_id = ANY ($1) RETURNING *
      )
      INSERT INTO "LiteLLM_DeletedTeamTable" (${keptColumns}, deleted_by, deleted_by_api_key, litellm_changed_by)
      SELECT ${keptColumns}, $2, $3, $4 FROM gone`,
    values: [teamIds, by.userId, by.keyHash, by.person],
  });
}

/** A member's account within a team. */
export interface TeamMembershipRow {
  readonly user_id: string;
  readonly team_id: string;
  readonly spend: number;
  readonly total_spend: number;
  readonly budget_id: string | null;
}

export async function addMemberships(
  db: Connection,
  teamId: string,
  userIds: readonly string[],
): Promise<readonly TeamMembershipRow[]> {
  return rows<TeamMembershipRow>(db, {
    text: `
      INSERT INTO "LiteLLM_TeamMembership" (team_id, user_id)
      SELECT $1, user_id FROM unnest($2::text[]) AS user_id
      ON CONFLICT (user_id, team_id) DO UPDATE SET team_id = excluded.team_id
      RETURNING *`,
    values: [teamId, userIds],
  });
}

export async function readMembership(
  db: Connection,
  teamId: string,
  userId: string,
): Promise<TeamMembershipRow | undefined> {
  const [row] = await rows<TeamMembershipRow>(db, {
    text: 'SELECT * FROM "LiteLLM_TeamMembership" WHERE team_id = $1 AND user_id = $2',
    values: [teamId, userId],
  });
  return row;
}

/** Reads a member's account and holds it until the transaction ends. */
export async function lockMembership(
  db: Connection,
  teamId: string,
  userId: string,
): Promise<TeamMembershipRow | undefined> {
  const [row] = await rows<TeamMembershipRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_TeamMembership" WHERE team_id = $1 AND user_id = $2 FOR NO KEY UPDATE`,
    values: [teamId, userId],
  });
  return row;
}

/** Links a member's account to a budget of its own, or to none; makes the account where an imported team has none. */
export async function linkMembership(
  db: Connection,
  { teamId, userId, budgetId }: { teamId: string; userId: string; budgetId: string | null },
): Promise<TeamMembershipRow> {
  const [row] = await rows<TeamMembershipRow>(db, {
    text: `
      INSERT INTO "LiteLLM_TeamMembership" (team_id, user_id, budget_id) VALUES ($1, $2, $3)
      ON CONFLICT (user_id, team_id) DO UPDATE SET budget_id = excluded.budget_id
      RETURNING *`,
    values: [teamId, userId, budgetId],
  });
  return row as TeamMembershipRow;
}

export async function removeMemberships(db: Connection, teamId: string, userId: string): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM "LiteLLM_TeamMembership" WHERE team_id = $1 AND user_id = $2',
    values: [teamId, userId],
  });
}

export async function readMemberships(
  db: Connection,
  teamIds: readonly string[],
): Promise<readonly TeamMembershipRow[]> {
  return rows<TeamMembershipRow>(db, {
    text: 'SELECT * FROM "LiteLLM_TeamMembership" WHERE team_id = ANY ($1) ORDER BY user_id',
    values: [teamIds],
  });
}

/** The accounts that users have in teams. */
export async function membershipsOf(
  db: Connection,
  userIds: readonly string[],
): Promise<readonly TeamMembershipRow[]> {
  return rows<TeamMembershipRow>(db, {
    text: 'SELECT * FROM "LiteLLM_TeamMembership" WHERE user_id = ANY ($1)',
    values: [userIds],
  });
}
