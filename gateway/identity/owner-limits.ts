import type { LinkedLimitColumns, OwnerLimitColumns } from '../store/owner-limits.ts';
import {
  type CallLimits,
  type KeyLimits,
  type LimitColumns,
  NO_LIMITS,
  type RateLimit,
  readCallLimits,
  readKeyLimits,
} from './key-limits.ts';

/** Limits that hold for all keys of an owner together. */
export interface OwnerLimits {
  readonly scope: 'user' | 'team' | 'team_member' | 'organization';
  /** Which one: its id; of a member `team:user`. */
  readonly id: string;
  readonly limits: CallLimits;
  /** Limits on single models, by the model's name. */
  readonly models: ReadonlyMap<string, RateLimit>;
}

function membersOf(limits: unknown, member: 'rpm_limit' | 'tpm_limit'): unknown {
  if (typeof limits !== 'object' || limits === null) return null;
  return Object.fromEntries(
    Object.entries(limits).map(([model, one]) => [model, (one as Record<string, unknown> | null)?.[member]]),
  );
}

/** The limits of a key: its own, and where it has none those of the row that it is linked to. */
export function readLinkedKeyLimits(key: LimitColumns & LinkedLimitColumns): KeyLimits {
  const { linked_limits: linked, model_limits: models } = key;
  return readKeyLimits({
    rpm_limit: key.rpm_limit ?? linked.rpm_limit,
    tpm_limit: key.tpm_limit ?? linked.tpm_limit,
    max_parallel_requests: key.max_parallel_requests ?? linked.max_parallel_requests,
    model_rpm_limit: key.model_rpm_limit ?? membersOf(models, 'rpm_limit'),
    model_tpm_limit: key.model_tpm_limit ?? membersOf(models, 'tpm_limit'),
  });
}

/** Whom a key acts for. */
export interface Owners {
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
}

const isLimited = ({ limits: { requests, tokens, parallel }, models }: OwnerLimits): boolean =>
  models.size > 0 || [requests, tokens, parallel].some((limit) => limit !== null);

/** The limits of whom a key acts for; who has none is left out. */
export function readOwnerLimits(
  { userId, teamId, organizationId }: Owners,
  { user_limits, team_limits, member_limits, organization_limits }: OwnerLimitColumns,
): readonly OwnerLimits[] {
  const limited = (
    scope: OwnerLimits['scope'],
    id: string | null,
    { models, ...limits }: KeyLimits,
  ): readonly OwnerLimits[] => (id === null ? [] : [{ scope, id, limits, models }]);
  const memberId = teamId === null || userId === null ? null : `${teamId}:${userId}`;
  return [
    ...limited('user', userId, readKeyLimits(user_limits, null)),
    ...limited('team', teamId, readKeyLimits(team_limits)),
    ...limited('team_member', memberId, { ...NO_LIMITS, ...readCallLimits(member_limits) }),
    ...limited('organization', organizationId, readKeyLimits(organization_limits, null)),
  ].filter(isLimited);
}
