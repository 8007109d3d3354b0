import type { KeyDefaults, KeyMakers, KeyRules } from '../../config/key-rules.ts';
import type { JsonObject } from '../../http/body.ts';
import type { Identity } from '../../identity/identity.ts';
import { fieldsOver, type KeyParams } from '../../identity/key-params.ts';
import { standingsOf } from '../../identity/standing.ts';
import { badRequest, forbidden } from './faults.ts';
import type { KeyFields } from './key-requests.ts';

/** Whether a request says nothing by this value: null and what is empty count as not sent, as in LiteLLM. */
export function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** A request with values for what it does not say. */
export function filled<T extends JsonObject>(wanted: T, values: object): T {
  const missing = Object.entries(values).filter(([field]) => saysNothing(wanted[field]));
  return { ...wanted, ...Object.fromEntries(missing) };
}

/**
 * Throws GatewayError bad_request, naming the field, for a request over a ceiling of the configuration; one that takes a limit
 * away is over it too. `now`: epoch milliseconds.
 */
export function requireBelow(wanted: KeyFields, ceilings: KeyParams, now: number): void {
  const [field] = fieldsOver(wanted, ceilings, now);
  if (field === undefined) return;
  const [asked, most] = [wanted[field] ?? null, ceilings[field]].map((value) => JSON.stringify(value));
  throw badRequest(
    field,
    `${field} is over max limit set in config - user_value=${asked}; max_value=${most}: ask for no more than upperbound_key_generate_params allows`,
  );
}

/** The defaults without what a request says in another place: a budget that is named has a soft budget or none, metadata have tags. */
function defaultsFor({ budget_id, metadata }: KeyFields, defaults: KeyDefaults): KeyDefaults {
  const { soft_budget, tags, ...others } = defaults;
  return {
    ...others,
    ...(!budget_id && soft_budget !== undefined && { soft_budget }),
    ...(saysNothing(metadata?.tags) && tags !== undefined && { tags }),
  };
}

/** 2 to 255 characters, as LiteLLM's check has it. */
const ALIAS = /^[a-zA-Z0-9][a-zA-Z0-9_\-/.@]{0,253}[a-zA-Z0-9]$/;

/** Throws GatewayError bad_request for an alias that does not look like a name, where the operator wants that. */
export function requireAlias(alias: string | null | undefined, { checksAliases }: KeyRules): void {
  if (!checksAliases || !alias || ALIAS.test(alias)) return;
  throw badRequest(
    'key_alias',
    "'key_alias' must have 2 to 255 characters, begin and end with a letter or a digit, and hold only these and _ - / . @: litellm_settings.enable_key_alias_format_validation is on",
  );
}

/**
 * A request for a new key with what the configuration says of keys that do not say it themselves. Throws GatewayError
 * bad_request for what is over a ceiling.
 */
export function completed<T extends KeyFields & JsonObject>(
  wanted: T,
  { defaults, ceilings }: Pick<KeyRules, 'defaults' | 'ceilings'>,
  now: number,
): T {
  const whole = filled(filled(wanted, defaultsFor(wanted, defaults)), ceilings);
  requireBelow(whole, ceilings, now);
  return whole;
}

/** Whose key is made, for the rules on who may make it. */
export interface NewKeyPlace {
  readonly teamId: string | null;
  /** Whether the caller runs that team. */
  readonly runsTeam: boolean;
}

/** Throws GatewayError bad_request where keys must belong to a team. `field`: what to change in the request. */
export function requireTeamOf(teamId: string | null, { teamsOnly }: KeyRules, field: string): void {
  if (!teamsOnly || teamId !== null) return;
  throw badRequest(
    field,
    'Keys without a team are switched off by general_settings.default_team_disabled; name a team',
  );
}

function requireRoles(who: Identity, { userRoles, memberRoles }: KeyMakers, place: NewKeyPlace): void {
  const own = standingsOf(who);
  if (userRoles !== null && !own.some((role) => userRoles.includes(role))) {
    throw forbidden(
      'user_id',
      `${place.teamId === null ? 'Personal' : 'Team'} key creation has been restricted by admin. Allowed roles=${userRoles.join(', ')}. Your role=${who.role}`,
    );
  }
  const member = place.runsTeam ? 'admin' : 'user';
  if (place.teamId !== null && memberRoles !== null && !memberRoles.includes(member)) {
    throw forbidden(
      'team_id',
      `Team key creation has been restricted by admin. Allowed team member roles=${memberRoles.join(', ')}. Your role in the team=${member}`,
    );
  }
}

/**
 * Throws GatewayError forbidden or bad_request where `key_generation_settings` leaves this key to others, or wants more said
 * of it. A proxy admin is bound by neither.
 */
export function requireMaker(who: Identity, wanted: JsonObject, place: NewKeyPlace, rules: KeyRules): void {
  requireTeamOf(place.teamId, rules, 'team_id');
  const makers = place.teamId === null ? rules.personalKeys : rules.teamKeys;
  if (makers === null || who.role === 'proxy_admin') return;
  requireRoles(who, makers, place);
  const missing = makers.requiredParams.find((field) => saysNothing(wanted[field]));
  if (missing === undefined) return;
  throw badRequest(
    missing,
    `Required param ${missing} not in data: key_generation_settings wants it of every such key`,
  );
}
