import { isDeepStrictEqual } from 'node:util';
import type { PoolClient } from 'pg';
import { TEAM_MODELS } from '../../admission/model-access.ts';
import { owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import { type BudgetColumns, type BudgetRow, readBudgets } from '../../store/budgets-table.ts';
import type { Connection } from '../../store/connection.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { isShared } from '../../store/linked-budgets.ts';
import { linkMembership, lockMembership, readMembership, type TeamRow } from '../../store/teams.ts';
import { budgetRules, type ManagementDeps } from './change.ts';
import { type Changes, memberAt } from './changes.ts';
import type { RateFields } from './limit-fields.ts';
import {
  asBudget,
  type BudgetNames,
  budgetColumns,
  changeBudget,
  makeBudget,
  saysNothing,
  sentOf,
} from './linked-budget.ts';
import { requireModelsOfTeam } from './member-models.ts';
import { memberBudgetOf } from './team-budgets.ts';

/** What a request says about the budget and the limits of one member in a team. */
interface MemberLimitFields extends RateFields {
  /** USD. */
  readonly max_budget_in_team?: number | '' | null;
}

/** What a request says about what one member may do in a team. */
export interface MemberFields extends MemberLimitFields {
  /** The models that he is bound to, in place of those of all members; empty or null gives these back. */
  readonly allowed_models?: readonly string[] | null;
}

const ofMember: BudgetNames<MemberLimitFields> = {
  max_budget_in_team: 'max_budget',
  rpm_limit: 'rpm_limit',
  tpm_limit: 'tpm_limit',
};

/** The first field of a request that limits a member. */
export function limitOfMember(wanted: MemberFields): keyof MemberFields | undefined {
  return (
    sentOf<MemberLimitFields>(wanted, ofMember)[0] ??
    (wanted.allowed_models === undefined ? undefined : 'allowed_models')
  );
}

type MembersTeam = Pick<
  TeamRow,
  'team_id' | 'organization_id' | 'metadata' | 'models' | 'default_team_member_models'
>;

interface MemberLimit {
  readonly team: MembersTeam;
  readonly userId: string;
  readonly wanted: MemberFields;
  readonly by: string;
}

/** The budgets of a member: its own, that of all members, and the one of these that holds it. */
async function budgetsOf(db: Connection, { team, userId }: Pick<MemberLimit, 'team' | 'userId'>) {
  const { budget_id: linked = null } = (await readMembership(db, team.team_id, userId)) ?? {};
  const found = await readBudgets(
    db,
    [linked, memberBudgetOf(team)].flatMap((id) => id ?? []),
  );
  const byId = (id: string | null): BudgetRow | null =>
    found.find(({ budget_id }) => budget_id === id) ?? null;
  const [own, ofAll] = [byId(linked), byId(memberBudgetOf(team))];
  return { own, ofAll, held: own ?? ofAll };
}

/** What somebody may spend, and in which time. */
function spendingOf(budget: BudgetRow | null): BudgetColumns {
  const { max_budget = null, budget_duration = null, budget_reset_at = null } = budget ?? {};
  return { max_budget, budget_duration, budget_reset_at };
}

const compared = [
  'max_budget',
  'budget_duration',
  'model_max_budget',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
  'allowed_models',
] as const;

/** The models of members that a request changes; nothing where it says what holds already. */
async function modelColumns(
  deps: ManagementDeps,
  db: PoolClient,
  { team, wanted }: Pick<MemberLimit, 'team' | 'wanted'>,
  held: BudgetRow | null,
): Promise<BudgetColumns> {
  if (wanted.allowed_models === undefined) return {};
  const models = wanted.allowed_models ?? [];
  await requireModelsOfTeam(deps, db, { field: 'allowed_models', models, team });
  return isDeepStrictEqual(models, held?.allowed_models ?? []) ? {} : { allowed_models: models };
}

/** What a column says; an empty list says nothing. */
const said = (value: unknown): unknown =>
  Array.isArray(value) && value.length === 0 ? null : (value ?? null);

/** Whether two budgets hold somebody in the same way. */
function holdsAlike(one: BudgetColumns, other: BudgetColumns): boolean {
  return compared.every((column) => isDeepStrictEqual(said(one[column]), said(other[column])));
}

/**
 * Gives a member of a team, which is locked, a budget and limits of its own, in a row that begins as the one that holds it until
 * then. A row that is made for an amount has no period, as in LiteLLM. Null for the amount gives back what all members may
 * spend, an empty list of models what they may call, and a member that then differs in nothing from them has none of its own.
 */
export async function limitMember(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { team, userId, wanted, by }: MemberLimit,
): Promise<void> {
  if (limitOfMember(wanted) === undefined) return;
  const { own, ofAll, held } = await budgetsOf(db, { team, userId });
  const limits: BudgetColumns = budgetColumns(asBudget<MemberLimitFields>(wanted, ofMember), deps);
  const sent: BudgetColumns = { ...limits, ...(await modelColumns(deps, db, { team, wanted }, held)) };
  if (Object.keys(sent).length === 0) return;
  const back = sent.max_budget === null;
  const allModels = sent.allowed_models?.length === 0;
  const columns: BudgetColumns = {
    ...sent,
    ...(back && spendingOf(ofAll)),
    ...(allModels && { allowed_models: ofAll?.allowed_models ?? [] }),
  };
  changed.add(subjects.user(userId));
  const alone =
    own !== null && own.budget_id !== ofAll?.budget_id && !(await isShared(db, own.budget_id, deps));
  const gives = back || allModels;
  const same = gives && holdsAlike({ ...held, ...columns }, ofAll ?? {});
  if (own === null && (same || (held === null && saysNothing(columns)))) return;
  if (alone && !same) {
    await changeBudget(deps, db, changed, { budgetId: own.budget_id, columns, by });
    return;
  }
  const period = typeof sent.max_budget === 'number' && { budget_duration: null, budget_reset_at: null };
  const begin = { ...held, ...period, ...columns };
  const budgetId = same ? null : await makeBudget(db, changed, { columns: begin, by });
  const before = await lockMembership(db, team.team_id, userId);
  const row = await linkMembership(db, { teamId: team.team_id, userId, budgetId });
  if (before === undefined) changed.created(memberAt(userId), row);
  else changed.updated(memberAt(userId), before, row);
  await followBudgets(db, [owners.member(team.team_id, userId)], budgetRules(deps));
}

/** What holds a member in its team, as the API answers it; null where nothing does. */
export async function limitsOfMember(db: PoolClient, team: MemberLimit['team'], userId: string | null) {
  const held = userId === null ? null : (await budgetsOf(db, { team, userId })).held;
  return {
    max_budget_in_team: held?.max_budget ?? null,
    tpm_limit: held?.tpm_limit ?? null,
    rpm_limit: held?.rpm_limit ?? null,
    allowed_models: held?.allowed_models ?? [],
  };
}

/** The models that a member is bound to in its team; empty for all that the team may use. */
export async function modelsOfMember(
  db: Connection,
  team: MembersTeam,
  userId: string,
): Promise<readonly string[]> {
  const { allowed_models: own = [] } = (await budgetsOf(db, { team, userId })).held ?? {};
  const models = own.length > 0 ? own : team.default_team_member_models;
  return models.includes(TEAM_MODELS) ? [] : models;
}
