import { GatewayError } from '../../http/errors.ts';
import { endOf, parseDuration } from '../../identity/duration.ts';
import type { KeyColumns, VirtualKeyRow } from '../../store/virtual-keys.ts';
import type { GenerateRequest, LimitMembers, UpdateRequest } from './key-requests.ts';

/** Members of a request that LiteLLM keeps in the key's metadata. */
const folded = ['model_rpm_limit', 'model_tpm_limit'] as const;

/** The metadata with the members that were sent beside it. */
export function foldedMetadata(
  metadata: Readonly<Record<string, unknown>>,
  request: LimitMembers,
): Readonly<Record<string, unknown>> {
  const sent = folded.filter((name) => request[name] !== undefined);
  if (sent.length === 0) return metadata;
  const members = new Map(Object.entries(metadata));
  for (const name of sent) {
    if (request[name] === null) members.delete(name);
    else members.set(name, request[name]);
  }
  return Object.fromEntries(members);
}

/** A budget in USD; null for none. Throws GatewayError bad_request. */
export function maxBudget(wanted: GenerateRequest['max_budget']): number | null {
  if (wanted === undefined || wanted === null || wanted === '') return null;
  if (wanted >= 0) return wanted;
  throw new GatewayError('bad_request', "'max_budget' must not be negative", { param: 'max_budget' });
}

/** A duration that budgets can have; null for none. `now`: epoch milliseconds. Throws GatewayError bad_request. */
export function budgetDuration(wanted: string | null | undefined, now: number): string | null {
  const text = (wanted ?? '').trim();
  if (endOf(text, now) === null) return null;
  if (parseDuration(text)?.count === 0) {
    throw new GatewayError(
      'bad_request',
      'A budget that lasts for no time is none; leave budget_duration out',
      { param: 'budget_duration' },
    );
  }
  return text;
}

/** LiteLLM's word for "never" on an update. */
const NEVER = '-1';

function expiry(duration: string | null, now: number): Date | null {
  return duration === NEVER ? null : endOf(duration, now);
}

/**
 * The columns that an update changes: those whose members were sent. New metadata replace the old ones as a whole; limits
 * of models, which LiteLLM keeps there, stay when none were sent. `now`: epoch milliseconds.
 */
export function columnsToChange(wanted: UpdateRequest, row: VirtualKeyRow, now: number): Partial<KeyColumns> {
  const { duration, models, metadata, key_alias: alias, user_id: userId } = wanted;
  const replaced = metadata === undefined ? row.metadata : (metadata ?? {});
  const newMetadata = foldedMetadata(replaced, wanted);
  return {
    ...(alias !== undefined && { key_alias: alias || null }),
    ...(duration !== undefined && { expires: expiry(duration, now) }),
    ...(models !== undefined && { models: models ?? [] }),
    ...(userId !== undefined && { user_id: userId || null }),
    ...(newMetadata !== row.metadata && { metadata: newMetadata }),
    ...(wanted.max_budget !== undefined && { max_budget: maxBudget(wanted.max_budget) }),
    // A new duration gets a new time of its end.
    ...(wanted.budget_duration !== undefined && {
      budget_duration: budgetDuration(wanted.budget_duration, now),
      budget_reset_at: null,
    }),
    ...(wanted.blocked !== undefined && { blocked: wanted.blocked }),
    ...(wanted.rpm_limit !== undefined && { rpm_limit: wanted.rpm_limit }),
    ...(wanted.tpm_limit !== undefined && { tpm_limit: wanted.tpm_limit }),
    ...(wanted.max_parallel_requests !== undefined && {
      max_parallel_requests: wanted.max_parallel_requests,
    }),
  };
}
