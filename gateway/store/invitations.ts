import { type Connection, rows } from './connection.ts';

/** A row of "LiteLLM_InvitationLink". Whoever knows its id holds the link. */
export interface InvitationRow {
  readonly id: string;
  readonly user_id: string;
  readonly is_accepted: boolean;
  readonly accepted_at: Date | null;
  readonly expires_at: Date;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
}

/** Stores an invitation; undefined when there is no such user. */
export async function insertInvitation(
  db: Connection,
  { userId, expiresAt, by }: { readonly userId: string; readonly expiresAt: Date; readonly by: string },
): Promise<InvitationRow | undefined> {
  const [row] = await rows<InvitationRow>(db, {
    text: `
      INSERT INTO "LiteLLM_InvitationLink" (user_id, expires_at, created_by, updated_by)
      SELECT user_id, $2::timestamp, $3, $3 FROM "LiteLLM_UserTable" WHERE user_id = $1
      RETURNING *`,
    values: [userId, expiresAt.toISOString(), by],
  });
  return row;
}

export async function readInvitation(db: Connection, id: string): Promise<InvitationRow | undefined> {
  const [row] = await rows<InvitationRow>(db, {
    text: 'SELECT * FROM "LiteLLM_InvitationLink" WHERE id = $1',
    values: [id],
  });
  return row;
}

/** Reads an invitation and holds it until the transaction ends: of two who accept it at once, one does. */
export async function lockInvitation(db: Connection, id: string): Promise<InvitationRow | undefined> {
  const [row] = await rows<InvitationRow>(db, {
    text: 'SELECT * FROM "LiteLLM_InvitationLink" WHERE id = $1 FOR UPDATE',
    values: [id],
  });
  return row;
}

/** Makes an invitation accepted, or open again. */
export async function setAccepted(
  db: Connection,
  { id, acceptedAt, by }: { readonly id: string; readonly acceptedAt: Date | null; readonly by: string },
): Promise<InvitationRow | undefined> {
  const [row] = await rows<InvitationRow>(db, {
    text: `
      UPDATE "LiteLLM_InvitationLink"
      SET is_accepted = $2::timestamp IS NOT NULL, accepted_at = $2::timestamp, updated_by = $3,
        updated_at = now() AT TIME ZONE 'UTC'
      WHERE id = $1
      RETURNING *`,
    values: [id, acceptedAt?.toISOString() ?? null, by],
  });
  return row;
}

export async function deleteInvitation(db: Connection, id: string): Promise<InvitationRow | undefined> {
  const [row] = await rows<InvitationRow>(db, {
    text: 'DELETE FROM "LiteLLM_InvitationLink" WHERE id = $1 RETURNING *',
    values: [id],
  });
  return row;
}
