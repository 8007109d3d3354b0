import { randomUUID } from 'node:crypto';
import { type BudgetColumns, insertBudget, readBudgets, updateBudget } from './budgets-table.ts';
import { type Connection, rows } from './connection.ts';

/** Limits of somebody that stand in a row of "LiteLLM_BudgetTable". */
export interface LinkedLimits {
  /** The row that is linked to; null while there is none. */
  readonly linked: string | null;
  readonly limits: BudgetColumns;
  readonly by: string;
}

/** A new row that begins as `like` stands. */
async function newRow(db: Connection, like: string | null, { limits, by }: LinkedLimits): Promise<string> {
  const [begin] = like === null ? [] : await readBudgets(db, [like]);
  const id = randomUUID();
  await insertBudget(db, id, by);
  await updateBudget(db, id, { ...begin, ...limits }, by);
  return id;
}

/** Writes limits into the row that is linked to, which is made where there is none; its id. */
export async function setLinkedLimits(db: Connection, wanted: LinkedLimits): Promise<string> {
  const { linked, limits, by } = wanted;
  if (linked !== null && (await updateBudget(db, linked, limits, by)) !== undefined) return linked;
  return newRow(db, null, wanted);
}

async function isShared(db: Connection, budgetId: string): Promise<boolean> {
  const found = await rows(db, {
    text: 'SELECT 1 FROM "LiteLLM_TeamMembership" WHERE budget_id = $1 LIMIT 2',
    values: [budgetId],
  });
  return found.length > 1;
}

/**
 * Writes limits of one member of a team: into a row of its own, which begins as the one that held it until then, its own or
 * that of all members.
 */
export async function setMemberLimits(
  db: Connection,
  { teamId, userId, ofAll }: { teamId: string; userId: string; ofAll: string | null },
  { limits, by }: Omit<LinkedLimits, 'linked'>,
): Promise<void> {
  const [membership] = await rows<{ budget_id: string | null }>(db, {
    text: `
      INSERT INTO "LiteLLM_TeamMembership" (team_id, user_id) VALUES ($1, $2)
      ON CONFLICT (user_id, team_id) DO UPDATE SET team_id = excluded.team_id
      RETURNING budget_id`,
    values: [teamId, userId],
  });
  const linked = membership?.budget_id ?? ofAll;
  if (linked === null && Object.values(limits).every((limit) => limit === null)) return;
  const own = linked !== null && linked !== ofAll && !(await isShared(db, linked));
  const wanted = { linked, limits, by };
  const budgetId = own ? await setLinkedLimits(db, wanted) : await newRow(db, linked, wanted);
  await rows(db, {
    text: 'UPDATE "LiteLLM_TeamMembership" SET budget_id = $3 WHERE team_id = $1 AND user_id = $2',
    values: [teamId, userId, budgetId],
  });
}
