import { type Connection, rows } from './connection.ts';

/** Whether somebody is known by this id, with an account or without: by keys, teams, organisations or calls, also past ones. */
export async function isKnown(db: Connection, userId: string): Promise<boolean> {
  const [found] = await rows<{ known: boolean }>(db, {
    text: `
      SELECT EXISTS (SELECT FROM "LiteLLM_VerificationToken" WHERE user_id = $1)
        OR EXISTS (SELECT FROM "LiteLLM_DeletedVerificationToken" WHERE user_id = $1)
        OR EXISTS (SELECT FROM "LiteLLM_TeamMembership" WHERE user_id = $1)
        OR EXISTS (SELECT FROM "LiteLLM_TeamTable"
          WHERE members_with_roles @> jsonb_build_array(jsonb_build_object('user_id', $1::text)))
        OR EXISTS (SELECT FROM "LiteLLM_OrganizationMembership" WHERE user_id = $1)
        OR EXISTS (SELECT FROM "LiteLLM_DailyUserSpend" WHERE user_id = $1) AS known`,
    values: [userId],
  });
  return found?.known === true;
}
