import type { Identity } from '../../identity/identity.ts';
import type { Owners } from '../../identity/owner-limits.ts';
import { teamRights } from '../../identity/permissions.ts';
import { readModelBudgets, wholeBudget } from '../../identity/written-budgets.ts';
import { readBudgets } from '../../store/budgets-table.ts';
import type { Connection } from '../../store/connection.ts';
import { readMember } from '../../store/organization-members.ts';
import { readTeam, type TeamRow } from '../../store/teams.ts';
import { forbidden } from './faults.ts';
import { modelsOfMember } from './member-budgets.ts';

/** Only a member's own keys come out of the budget that it has in an organisation. */
async function requireCounted(db: Connection, userId: string, payer: string): Promise<void> {
  const { budget_id } = (await readMember(db, payer, userId)) ?? {};
  const [budget] = budget_id ? await readBudgets(db, [budget_id]) : [];
  if (budget === undefined) return;
  const limits = [...wholeBudget(budget.max_budget), ...readModelBudgets(budget.model_max_budget)];
  if (limits.length === 0) return;
  throw forbidden(
    'user_id',
    `You have a budget in organisation '${payer}', and a key without user does not come out of it: name yourself as 'user_id', or ask a proxy admin for the key`,
  );
}

/** Only a member's own keys are bound to its models in a team. */
async function requireUnbound(db: Connection, userId: string, team: TeamRow): Promise<void> {
  if ((await modelsOfMember(db, team, userId)).length === 0) return;
  throw forbidden(
    'user_id',
    `You are bound to some models in team '${team.team_id}', and a key without user is not: name yourself as 'user_id', or ask who governs the team for the key`,
  );
}

/**
 * Throws GatewayError forbidden where somebody would be given a key of nobody that does not count on the budget that he has in
 * the organisation which pays for it, or is not bound to his models in its team.
 */
export async function requireMayBeNobodys(
  db: Connection,
  who: Identity,
  { userId, teamId, organizationId }: Owners,
): Promise<void> {
  if (who.role === 'proxy_admin' || who.userId === null || userId !== null) return;
  const team = teamId === null ? undefined : await readTeam(db, teamId);
  const payer = team?.organization_id ?? organizationId;
  if (payer !== null) await requireCounted(db, who.userId, payer);
  if (team !== undefined && !teamRights(who, team).govern) await requireUnbound(db, who.userId, team);
}
