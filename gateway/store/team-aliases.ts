import { type Connection, rows } from './connection.ts';

/**
 * Sets what a team calls models, in its row of "LiteLLM_ModelTable", which is made when there is something to say. The team's
 * own row is locked by the caller; rows are numbered one after the other, since those that were taken over have numbers.
 */
export async function setTeamAliases(
  db: Connection,
  teamId: string,
  { aliases, by }: { readonly aliases: Readonly<Record<string, string>>; readonly by: string },
): Promise<void> {
  const changed = await rows(db, {
    text: `
      UPDATE "LiteLLM_ModelTable" m
      SET aliases = $2::jsonb, updated_by = $3, updated_at = now() AT TIME ZONE 'UTC'
      FROM "LiteLLM_TeamTable" t WHERE t.team_id = $1 AND m.id = t.model_id
      RETURNING m.id`,
    values: [teamId, JSON.stringify(aliases), by],
  });
  if (changed.length > 0 || Object.keys(aliases).length === 0) return;
  await rows(db, { text: 'LOCK TABLE "LiteLLM_ModelTable" IN SHARE ROW EXCLUSIVE MODE' });
  await rows(db, {
    text: `
      WITH made AS (
        INSERT INTO "LiteLLM_ModelTable" (id, aliases, created_by, updated_by)
        SELECT coalesce(max(id), 0) + 1, $2::jsonb, $3, $3 FROM "LiteLLM_ModelTable"
        RETURNING id
      )
      UPDATE "LiteLLM_TeamTable" SET model_id = made.id FROM made WHERE team_id = $1`,
    values: [teamId, JSON.stringify(aliases), by],
  });
}
