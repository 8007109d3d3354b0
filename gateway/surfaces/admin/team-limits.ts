import { isDeepStrictEqual } from 'node:util';
import { subjects } from '../../identity/subjects.ts';
import type { Connection } from '../../store/connection.ts';
import { setLinkedLimits } from '../../store/linked-budgets.ts';
import type { TeamColumns, TeamRow } from '../../store/teams.ts';
import { foldedMetadata } from './key-columns.ts';
import type { MemberLimitFields, ModelLimitFields } from './limit-fields.ts';

type Metadata = TeamRow['metadata'];

/** Member of a team's metadata that names the row with the limits of all members. */
const MEMBERS = 'team_member_budget_id';
/** Members of the metadata that limit the team. */
const limiting = ['model_rpm_limit', 'model_tpm_limit', MEMBERS] as const;

/** The row that limits each member that has none of its own; null for none. */
export function membersBudget({ metadata }: Pick<TeamRow, 'metadata'>): string | null {
  const id = metadata[MEMBERS];
  return typeof id === 'string' ? id : null;
}

interface Wanted extends ModelLimitFields, MemberLimitFields {
  readonly metadata?: Metadata | null;
}

/**
 * The metadata of a team after a request. New ones replace the old as a whole, but for what limits the team: who does not
 * govern it leaves that as it is by not naming it, and the row of its members stays in any case.
 */
export function teamMetadata(wanted: Wanted, now: Metadata, govern: boolean): Metadata {
  const stays = govern ? [MEMBERS] : limiting;
  const kept = Object.fromEntries(stays.flatMap((name) => (name in now ? [[name, now[name]]] : [])));
  const replaced = wanted.metadata === undefined ? now : { ...kept, ...wanted.metadata };
  return foldedMetadata(replaced, wanted);
}

/** What of a team's limits new metadata change; undefined when nothing. */
export function changedLimit(metadata: Metadata | undefined, now: Metadata): string | undefined {
  if (metadata === undefined) return undefined;
  return limiting.find((name) => !isDeepStrictEqual(metadata[name], now[name]));
}

/** The first limit of members that a request names. */
export function namedMemberLimit({
  team_member_rpm_limit,
  team_member_tpm_limit,
}: MemberLimitFields): keyof MemberLimitFields | undefined {
  if (team_member_rpm_limit !== undefined) return 'team_member_rpm_limit';
  return team_member_tpm_limit === undefined ? undefined : 'team_member_tpm_limit';
}

/** Writes the limits of all members that a request names into the row that the metadata link to, or come to link to. */
export async function withMemberLimits(
  db: Connection,
  changed: Set<string>,
  wanted: MemberLimitFields,
  { columns, metadata, by }: { columns: TeamColumns; metadata: Metadata; by: string },
): Promise<TeamColumns> {
  if (namedMemberLimit(wanted) === undefined) return columns;
  const { team_member_rpm_limit: rpm_limit, team_member_tpm_limit: tpm_limit } = wanted;
  const limits = {
    ...(rpm_limit !== undefined && { rpm_limit }),
    ...(tpm_limit !== undefined && { tpm_limit }),
  };
  const now = columns.metadata ?? metadata;
  const linked = membersBudget({ metadata: now });
  if (linked === null && Object.values(limits).every((limit) => limit === null)) return columns;
  const budgetId = await setLinkedLimits(db, { linked, limits, by });
  changed.add(subjects.budget(budgetId));
  return { ...columns, metadata: { ...now, [MEMBERS]: budgetId } };
}
