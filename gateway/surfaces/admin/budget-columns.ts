import type { Window } from '../../config/key-rules.ts';
import { endOf, parseDuration } from '../../identity/duration.ts';
import type { KeyParams } from '../../identity/key-params.ts';
import { readIncrease } from '../../identity/written-budgets.ts';
import type { ModelBudgets } from './budget-fields.ts';
import { badRequest } from './faults.ts';
import type { KeyFields } from './key-requests.ts';

/** An amount in USD; null for none. Throws GatewayError bad_request, naming the field. */
export function usdAmount(field: string, wanted: KeyFields['max_budget']): number | null {
  if (wanted === undefined || wanted === null || wanted === '') return null;
  if (wanted >= 0) return wanted;
  throw badRequest(field, `'${field}' must not be negative`);
}

/**
 * A duration that budgets can have, as LiteLLM reads it; null for none. `now`: epoch milliseconds. Throws GatewayError
 * bad_request.
 */
export function budgetDuration(wanted: string | null | undefined, now: number): string | null {
  const text = (wanted ?? '').trim();
  if (endOf(text, now) === null) return null;
  const { count = 0, unit = '' } = parseDuration(text) ?? {};
  if (count === 0) {
    throw badRequest('budget_duration', 'A budget that lasts for no time is none; leave budget_duration out');
  }
  return `${count}${unit}`;
}

/**
 * Windows as they are stored: without what else was sent of them, such as what an answer showed. `now`: epoch milliseconds.
 * Throws GatewayError bad_request for one that lasts for no time, and for two of one length.
 */
export function windowsOf(wanted: readonly Window[] | null, now: number): readonly Window[] | null {
  if (wanted === null || wanted.length === 0) return null;
  const windows = wanted.map(({ budget_duration, max_budget }) => {
    const duration = budgetDuration(budget_duration, now);
    if (duration === null)
      throw badRequest('budget_limits', "A window needs a 'budget_duration', such as 1d");
    return { budget_duration: duration, max_budget };
  });
  const lengths = windows.map(({ budget_duration }) => budget_duration);
  const twice = lengths.find((length, at) => lengths.indexOf(length) !== at);
  if (twice === undefined) return windows;
  throw badRequest(
    'budget_limits',
    `'budget_limits' has two windows of ${twice}; the smaller one would hold`,
  );
}

/**
 * The budgets of models as they are stored, which is as they were sent. `now`: epoch milliseconds. Throws GatewayError
 * bad_request for one that says nothing, or something twice.
 */
export function modelBudgetsOf(wanted: ModelBudgets | null, now: number): ModelBudgets {
  for (const [model, budget] of Object.entries(wanted ?? {})) {
    const refuse = (why: string): never => {
      throw badRequest('model_max_budget', `'model_max_budget' of '${model}' ${why}`);
    };
    const { max_budget, budget_limit, budget_duration, time_period, rpm_limit, tpm_limit } = budget;
    if (max_budget !== undefined && budget_limit !== undefined) {
      refuse("has 'max_budget' and 'budget_limit', which are the same; leave one of them out");
    }
    if (budget_duration && time_period) {
      refuse("has 'budget_duration' and 'time_period', which are the same; leave one of them out");
    }
    const duration = budgetDuration(budget_duration ?? time_period, now);
    const limits = [rpm_limit, tpm_limit].some((limit) => typeof limit === 'number');
    const amount = max_budget ?? budget_limit;
    if (amount === undefined && (duration !== null || !limits)) refuse("has no 'max_budget'");
  }
  return wanted ?? {};
}

const increaseMembers = ['temp_budget_increase', 'temp_budget_expiry'] as const;

interface Increased {
  /** The metadata of a key as they were, and as they are to be. */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
  /** What the key may spend without it, in USD; null where nothing limits it. */
  readonly most: number | null;
  readonly ceilings: KeyParams;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Throws GatewayError bad_request for a new increase that increases nothing. */
function requireEffect({ after, most, now }: Increased): void {
  const field = 'temp_budget_increase';
  const { temp_budget_increase: amount = null, temp_budget_expiry: expiry = null } = after;
  if (amount === null && expiry === null) return;
  if (amount === null || expiry === null) {
    throw badRequest(field, "'temp_budget_increase' and 'temp_budget_expiry' must be given together");
  }
  const until = readIncrease(after)?.until.getTime() ?? 0;
  if (until <= now) {
    throw badRequest('temp_budget_expiry', "'temp_budget_expiry' must be a time to come, as in ISO 8601");
  }
  if (most === null) throw badRequest(field, 'This key has no max_budget, so there is nothing to increase');
}

/** Throws GatewayError bad_request for a new increase of a key's budget that has no effect, and for one beyond the ceiling. */
export function requireIncrease(increased: Increased): void {
  const { before, after, most, ceilings, now } = increased;
  const isNew = increaseMembers.some((member) => (after[member] ?? null) !== (before[member] ?? null));
  if (isNew) requireEffect(increased);
  const increase = readIncrease(after);
  if (most === null || increase === null || increase.until.getTime() <= now) return;
  const { max_budget: ceiling = Number.POSITIVE_INFINITY } = ceilings;
  if (most + increase.amount <= ceiling) return;
  throw badRequest(
    'temp_budget_increase',
    `max_budget with its increase is over max limit set in config - user_value=${most + increase.amount}; max_value=${ceiling}: ask for no more than upperbound_key_generate_params allows`,
  );
}
