import { isRouteRule, keyTypes, routeGroups } from '../../identity/allowed-routes.ts';
import { expiryOf } from '../../identity/key-params.ts';
import type { KeyColumns } from '../../store/key-updates.ts';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';
import { budgetDuration, modelBudgetsOf, usdAmount, windowsOf } from './budget-columns.ts';
import { badRequest } from './faults.ts';
import { folded } from './folded-fields.ts';
import type { GenerateRequest, KeyFields } from './key-requests.ts';
import { callLimitColumns } from './limit-fields.ts';
import { foldedMetadata, replacedMetadata } from './metadata.ts';

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
function budgetOf(wanted: KeyFields, now: number): KeyColumns {
  const { max_budget, budget_duration, budget_limits, model_max_budget, budget_id } = wanted;
  return {
    ...(max_budget !== undefined && { max_budget: usdAmount('max_budget', max_budget) }),
    ...(budget_duration !== undefined && {
      budget_duration: budgetDuration(budget_duration, now),
      budget_reset_at: null,
    }),
    ...(budget_limits !== undefined && { budget_limits: windowsOf(budget_limits, now) }),
    ...(model_max_budget !== undefined && { model_max_budget: modelBudgetsOf(model_max_budget, now) }),
    ...(budget_id !== undefined && { budget_id: budget_id || null }),
  };
}

/** The columns of what a key may do that the sent fields change. */
function rightsOf(wanted: KeyFields): KeyColumns {
  const { models, aliases, allowed_routes, permissions } = wanted;
  return {
    ...(models !== undefined && { models: models ?? [] }),
    ...(aliases !== undefined && { aliases: aliases ?? {} }),
    ...(allowed_routes !== undefined && { allowed_routes: routesOf(wanted) }),
    ...(permissions !== undefined && { permissions: permissions ?? {} }),
  };
}

/**
 * The columns that the sent fields change. New metadata replace the old ones as a whole; limits of models, which LiteLLM
 * keeps there, stay when none were sent. `now`: epoch milliseconds.
 */
export function columnsOf(wanted: KeyFields, row: Pick<VirtualKeyRow, 'metadata'>, now: number): KeyColumns {
  const metadata = foldedMetadata(replacedMetadata(wanted.metadata, row.metadata), wanted, folded);
  return {
    ...(wanted.key_alias !== undefined && { key_alias: wanted.key_alias || null }),
    ...(wanted.duration !== undefined && { expires: expiryOf(wanted.duration, now) }),
    ...(wanted.user_id !== undefined && { user_id: wanted.user_id || null }),
    ...(wanted.team_id !== undefined && { team_id: wanted.team_id || null }),
    ...(wanted.organization_id !== undefined && { organization_id: wanted.organization_id || null }),
    ...(metadata !== row.metadata && { metadata }),
    ...(wanted.blocked !== undefined && { blocked: wanted.blocked }),
    ...(typeof wanted.spend === 'number' && { spend: wanted.spend }),
    ...budgetOf(wanted, now),
    ...callLimitColumns(wanted),
    ...rightsOf(wanted),
  };
}
