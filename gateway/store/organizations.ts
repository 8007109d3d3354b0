import { type Connection, rows } from './connection.ts';
import { columnsFromJson } from './json-columns.ts';

/** A row of "LiteLLM_OrganizationTable". */
export interface OrganizationRow {
  readonly organization_id: string;
  readonly organization_alias: string;
  readonly budget_id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly models: readonly string[];
  readonly spend: number;
  readonly [column: string]: unknown;
}

const settable = ['organization_alias', 'budget_id', 'metadata', 'models'] as const;

export type OrganizationColumns = Partial<Pick<OrganizationRow, (typeof settable)[number]>>;

/** An organisation about to be stored. */
export interface NewOrganization {
  readonly organizationId: string;
  readonly alias: string;
  readonly budgetId: string;
  readonly by: string;
}

/** Stores an organisation; false when that id is taken. */
export async function insertOrganization(
  db: Connection,
  { organizationId, alias, budgetId, by }: NewOrganization,
): Promise<boolean> {
  const made = await rows(db, {
    text: `
      INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, created_by, updated_by)
      VALUES ($1, $2, $3, $4, $4)
      ON CONFLICT DO NOTHING
      RETURNING organization_id`,
    values: [organizationId, alias, budgetId, by],
  });
  return made.length === 1;
}

/** Changes the columns that are named; undefined when there is no such organisation. */
export async function updateOrganization(
  db: Connection,
  organizationId: string,
  changes: OrganizationColumns,
  by: string,
): Promise<OrganizationRow | undefined> {
  const [row] = await rows<OrganizationRow>(db, {
    text: `
      UPDATE "LiteLLM_OrganizationTable" t
      SET updated_by = $3, updated_at = now() AT TIME ZONE 'UTC', ${columnsFromJson(settable, '$2')}
      WHERE organization_id = $1
      RETURNING *`,
    values: [organizationId, JSON.stringify(changes), by],
  });
  return row;
}

/**
 * Reads organisations and holds them until the transaction ends. `FOR UPDATE`: nothing can be given to them meanwhile;
 * `FOR KEY SHARE`, for who is about to give them something: none of them is deleted.
 */
export async function holdOrganizations(
  db: Connection,
  organizationIds: readonly string[],
  lock: 'FOR UPDATE' | 'FOR KEY SHARE',
): Promise<readonly OrganizationRow[]> {
  return rows<OrganizationRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_OrganizationTable" WHERE organization_id = ANY ($1)
      ORDER BY organization_id ${lock}`,
    values: [organizationIds],
  });
}

/** Every organisation, or those that are named. */
export async function listOrganizations(
  db: Connection,
  organizationIds: readonly string[] | null,
): Promise<readonly OrganizationRow[]> {
  return rows<OrganizationRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_OrganizationTable" WHERE $1::text[] IS NULL OR organization_id = ANY ($1)
      ORDER BY created_at, organization_id`,
    values: [organizationIds],
  });
}

/** Deletes organisations with their memberships. */
export async function deleteOrganizations(db: Connection, organizationIds: readonly string[]): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM "LiteLLM_OrganizationMembership" WHERE organization_id = ANY ($1)',
    values: [organizationIds],
  });
  await rows(db, {
    text: 'DELETE FROM "LiteLLM_OrganizationTable" WHERE organization_id = ANY ($1)',
    values: [organizationIds],
  });
}

export async function readOrganizations(
  db: Connection,
  organizationIds: readonly string[],
): Promise<readonly OrganizationRow[]> {
  return rows<OrganizationRow>(db, {
    text: 'SELECT * FROM "LiteLLM_OrganizationTable" WHERE organization_id = ANY ($1)',
    values: [organizationIds],
  });
}

/** Whether an organisation is linked to this budget. */
export async function limitsOrganization(db: Connection, budgetId: string): Promise<boolean> {
  const found = await rows(db, {
    text: 'SELECT 1 FROM "LiteLLM_OrganizationTable" WHERE budget_id = $1 LIMIT 1',
    values: [budgetId],
  });
  return found.length > 0;
}

/** Makes a user a member of organisations, with a role in each; a member already keeps the role that it has. */
export async function addToOrganizations(
  db: Connection,
  userId: string,
  organizationIds: readonly string[],
  role: string,
): Promise<void> {
  await rows(db, {
    text: `
      INSERT INTO "LiteLLM_OrganizationMembership" (user_id, organization_id, user_role)
      SELECT $1, organization_id, $3 FROM unnest($2::text[]) AS organization_id
      ON CONFLICT DO NOTHING`,
    values: [userId, organizationIds, role],
  });
}

/** The organisations that a user is a member of. */
export async function organizationsOf(db: Connection, userId: string): Promise<readonly string[]> {
  const found = await rows<{ organization_id: string }>(db, {
    text: 'SELECT organization_id FROM "LiteLLM_OrganizationMembership" WHERE user_id = $1',
    values: [userId],
  });
  return found.map(({ organization_id }) => organization_id);
}

export async function leaveOrganizations(db: Connection, userIds: readonly string[]): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM "LiteLLM_OrganizationMembership" WHERE user_id = ANY ($1)',
    values: [userIds],
  });
}
