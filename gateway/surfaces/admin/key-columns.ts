import { isRouteRule, keyTypes, routeGroups } from '../../identity/allowed-routes.ts';
import { endOf, parseDuration } from '../../identity/duration.ts';
import { expiryOf } from '../../identity/key-params.ts';
import type { KeyColumns } from '../../store/key-updates.ts';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';
import { badRequest } from './faults.ts';
import type { GenerateRequest, KeyFields } from './key-requests.ts';
import { callLimitColumns, type FoldedFields } from './limit-fields.ts';

/** Members of a request that LiteLLM keeps in the key's metadata. */
export const folded = ['model_rpm_limit', 'model_tpm_limit', 'tags'] as const;

/** The metadata with the members that were sent beside it. */
export function foldedMetadata(
  metadata: Readonly<Record<string, unknown>>,
  request: FoldedFields,
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

/** The routes that a key is bound to; `key_type` stands for a list where none is given. */
export function routesOf({ allowed_routes, key_type }: GenerateRequest): readonly string[] {
  const preset = keyTypes[key_type || 'default'];
  if (preset === undefined) {
    throw badRequest('key_type', `'key_type' must be one of ${Object.keys(keyTypes).join(', ')}`);
  }
  const rules = allowed_routes?.length ? allowed_routes : preset;
  const unknown = rules.find((rule) => !isRouteRule(rule));
  if (unknown !== undefined) {
    throw badRequest(
      'allowed_routes',
      `'${unknown}' in 'allowed_routes' allows nothing: write a path such as /v1/models, a path with * at its end, or one of ${routeGroups.join(', ')}`,
    );
  }
  return rules;
}

/** The columns of a key's budget that the sent fields change. A new duration gets a new time of its end. */
function budgetOf({ max_budget, budget_duration, budget_id }: KeyFields, now: number): KeyColumns {
  return {
    ...(max_budget !== undefined && { max_budget: usdAmount('max_budget', max_budget) }),
    ...(budget_duration !== undefined && {
      budget_duration: budgetDuration(budget_duration, now),
      budget_reset_at: null,
    }),
    ...(budget_id !== undefined && { budget_id: budget_id || null }),
  };
}

/**
 * The columns that the sent fields change. New metadata replace the old ones as a whole; limits of models, which LiteLLM
 * keeps there, stay when none were sent. `now`: epoch milliseconds.
 */
export function columnsOf(wanted: KeyFields, row: Pick<VirtualKeyRow, 'metadata'>, now: number): KeyColumns {
  const replaced = wanted.metadata === undefined ? row.metadata : (wanted.metadata ?? {});
  const metadata = foldedMetadata(replaced, wanted);
  return {
    ...(wanted.key_alias !== undefined && { key_alias: wanted.key_alias || null }),
    ...(wanted.duration !== undefined && { expires: expiryOf(wanted.duration, now) }),
    ...(wanted.models !== undefined && { models: wanted.models ?? [] }),
    ...(wanted.user_id !== undefined && { user_id: wanted.user_id || null }),
    ...(wanted.team_id !== undefined && { team_id: wanted.team_id || null }),
    ...(wanted.organization_id !== undefined && { organization_id: wanted.organization_id || null }),
    ...(metadata !== row.metadata && { metadata }),
    ...(wanted.blocked !== undefined && { blocked: wanted.blocked }),
    ...(typeof wanted.spend === 'number' && { spend: wanted.spend }),
    ...budgetOf(wanted, now),
    ...callLimitColumns(wanted),
    ...(wanted.allowed_routes !== undefined && { allowed_routes: routesOf(wanted) }),
  };
}
