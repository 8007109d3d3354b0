import { type Connection, rows } from './connection.ts';

/** A row of "LiteLLM_OrganizationMembership". */
export interface OrganizationMemberRow {
  readonly user_id: string;
  readonly organization_id: string;
  readonly user_role: string | null;
  readonly spend: number | null;
  readonly budget_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The members of organisations. */
export async function membersOf(
  db: Connection,
  organizationIds: readonly string[],
): Promise<readonly OrganizationMemberRow[]> {
  return rows<OrganizationMemberRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_OrganizationMembership" WHERE organization_id = ANY ($1)
      ORDER BY organization_id, user_id`,
    values: [organizationIds],
  });
}

/** Makes a user a member of an organisation; undefined of one who is a member already. */
export async function insertMember(
  db: Connection,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: string },
): Promise<OrganizationMemberRow | undefined> {
  const [row] = await rows<OrganizationMemberRow>(db, {
    text: `
      INSERT INTO "LiteLLM_OrganizationMembership" (user_id, organization_id, user_role) VALUES ($1, $2, $3)
      ON CONFLICT DO NOTHING
      RETURNING *`,
    values: [userId, organizationId, role],
  });
  return row;
}

export async function readMember(
  db: Connection,
  organizationId: string,
  userId: string,
): Promise<OrganizationMemberRow | undefined> {
  const [row] = await rows<OrganizationMemberRow>(db, {
    text: 'SELECT * FROM "LiteLLM_OrganizationMembership" WHERE organization_id = $1 AND user_id = $2',
    values: [organizationId, userId],
  });
  return row;
}

/** Reads a membership and holds it until the transaction ends. */
export async function lockMember(
  db: Connection,
  organizationId: string,
  userId: string,
): Promise<OrganizationMemberRow | undefined> {
  const [row] = await rows<OrganizationMemberRow>(db, {
    text: `
      SELECT * FROM "LiteLLM_OrganizationMembership" WHERE organization_id = $1 AND user_id = $2 FOR UPDATE`,
    values: [organizationId, userId],
  });
  return row;
}

/** Links a member to a budget of its own, or to none; the row as it is then. Undefined of somebody who is no member. */
export async function linkMember(
  db: Connection,
  { organizationId, userId, budgetId }: { organizationId: string; userId: string; budgetId: string | null },
): Promise<OrganizationMemberRow | undefined> {
  const [row] = await rows<OrganizationMemberRow>(db, {
    text: `
      UPDATE "LiteLLM_OrganizationMembership" SET budget_id = $3, updated_at = now() AT TIME ZONE 'UTC'
      WHERE organization_id = $1 AND user_id = $2
      RETURNING *`,
    values: [organizationId, userId, budgetId],
  });
  return row;
}

/** Gives a member, who is locked, another role; the row as it is then. */
export async function setMemberRole(
  db: Connection,
  { organization_id, user_id }: OrganizationMemberRow,
  role: string,
): Promise<OrganizationMemberRow> {
  const [row] = await rows<OrganizationMemberRow>(db, {
    text: `
      UPDATE "LiteLLM_OrganizationMembership" SET user_role = $3, updated_at = now() AT TIME ZONE 'UTC'
      WHERE organization_id = $1 AND user_id = $2
      RETURNING *`,
    values: [organization_id, user_id, role],
  });
  return row as OrganizationMemberRow;
}

export async function deleteMember(
  db: Connection,
  { organization_id, user_id }: OrganizationMemberRow,
): Promise<void> {
  await rows(db, {
    text: 'DELETE FROM "LiteLLM_OrganizationMembership" WHERE organization_id = $1 AND user_id = $2',
    values: [organization_id, user_id],
  });
}
