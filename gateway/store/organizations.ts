import { type Connection, rows } from './connection.ts';

/** A row of "LiteLLM_OrganizationTable". */
export interface OrganizationRow {
  readonly organization_id: string;
  readonly organization_alias: string;
  readonly models: readonly string[];
  readonly [column: string]: unknown;
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
