import { endOf } from '../identity/duration.ts';
import { fieldsOver, type KeyParams } from '../identity/key-params.ts';
import { roles, type Standing } from '../identity/roles.ts';
import { checkKeys, type KeyCheck } from './check-keys.ts';
import type { Environment } from './config.ts';
import { type Findings, isMap, Reader, type Settings } from './findings.ts';
import type { KeyDefaults, KeyMakers, KeyRules } from './key-rules.ts';
import { defaultKeyParams, keyGeneration, keyGenerationRule, upperboundKeyParams } from './known-keys.ts';

/** What the columns hold. */
const MOST_INT4 = 2 ** 31 - 1;
const MOST_USD = 1e12;

const standings: readonly Standing[] = [...roles, 'org_admin', 'team_admin'];

function wholeNumber(reader: Reader, key: string, { path, findings }: Place, most?: number) {
  const count = reader.number(key, 0, most);
  if (count !== undefined && !Number.isInteger(count))
    findings.fault(`${path}.${key}`, 'must be a whole number');
  return count;
}

/** The text where it is a duration; `at` is where it stands. */
function checkedDuration(text: string | undefined, at: string, findings: Findings): string | undefined {
  if (text === undefined) return undefined;
  try {
    if (endOf(text, 0) !== null) return text;
  } catch {
    // Told below, with the place where it stands.
  }
  findings.fault(at, `'${text}' is no duration; write one such as 24h, 30d or 1mo`);
  return undefined;
}

function duration(reader: Reader, key: string, { path, findings }: Place): string | undefined {
  return checkedDuration(reader.text(key), `${path}.${key}`, findings);
}

interface Place {
  readonly path: string;
  readonly findings: Findings;
}

/** Without the members that have no value. */
export function given<T extends object>(members: { readonly [F in keyof T]?: T[F] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** A budget and limits, as keys and teams have them. */
export function budgetParams(reader: Reader, place: Place) {
  return {
    max_budget: reader.number('max_budget', 0, MOST_USD),
    budget_duration: duration(reader, 'budget_duration', place),
    tpm_limit: wholeNumber(reader, 'tpm_limit', place),
    rpm_limit: wholeNumber(reader, 'rpm_limit', place),
  };
}

function readParams(reader: Reader, place: Place): KeyParams {
  return given<KeyParams>({
    ...budgetParams(reader, place),
    duration: duration(reader, 'duration', place),
    max_parallel_requests: wholeNumber(reader, 'max_parallel_requests', place, MOST_INT4),
    models: reader.texts('models'),
  });
}

function readDefaults(litellm: Reader, check: KeyCheck): KeyDefaults {
  const place = { path: 'litellm_settings.default_key_generate_params', findings: check.findings };
  const map = litellm.map('default_key_generate_params') ?? {};
  checkKeys(map, place.path, defaultKeyParams, check);
  const reader = new Reader(map, place.path, check.findings);
  return given<KeyDefaults>({
    ...readParams(reader, place),
    team_id: reader.text('team_id'),
    metadata: reader.map('metadata'),
  });
}

/** A ceiling without a value would be none, and the operator believes in one. */
function readCeilings(litellm: Reader, check: KeyCheck): KeyParams {
  const place = { path: 'litellm_settings.upperbound_key_generate_params', findings: check.findings };
  const map = litellm.map('upperbound_key_generate_params') ?? {};
  checkKeys(map, place.path, upperboundKeyParams, check);
  for (const [key, value] of Object.entries(map)) {
    if (value !== null) continue;
    place.findings.fault(
      `${place.path}.${key}`,
      'has no value: set the variable that it names, or leave it out',
    );
  }
  return readParams(new Reader(map, place.path, check.findings), place);
}

function requireWithin(
  { defaults, ceilings }: Pick<KeyRules, 'defaults' | 'ceilings'>,
  findings: Findings,
): void {
  for (const field of fieldsOver(defaults, ceilings, 0)) {
    findings.fault(
      `litellm_settings.default_key_generate_params.${field}`,
      `is over upperbound_key_generate_params.${field}: a key that does not name it could not be made`,
    );
  }
}

function rolesIn<T extends string>(
  reader: Reader,
  key: string,
  known: readonly T[],
  { path, findings }: Place,
) {
  const names = reader.texts(key);
  if (names === undefined) return null;
  const unknown = names.find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) {
    findings.fault(`${path}.${key}`, `'${unknown}' is no role; write some of ${known.join(', ')}`);
  }
  return names as readonly T[];
}

function readMakers(rules: Settings, key: string, parent: string, check: KeyCheck): KeyMakers | null {
  const map = rules[key];
  if (!isMap(map)) return null;
  const place = { path: `${parent}.${key}`, findings: check.findings };
  checkKeys(map, place.path, keyGenerationRule, check);
  const reader = new Reader(map, place.path, check.findings);
  return {
    userRoles: rolesIn(reader, 'allowed_user_roles', standings, place),
    memberRoles: rolesIn(reader, 'allowed_team_member_roles', ['admin', 'user'], place),
    requiredParams: reader.texts('required_params') ?? [],
  };
}

const GRACE = 'LITELLM_KEY_ROTATION_GRACE_PERIOD';

export interface KeyRulesSource {
  readonly general: Reader;
  readonly litellm: Reader;
  readonly environment: Environment;
}

/** Reads what stands in the configuration about keys that are made. */
export function readKeyRules(source: KeyRulesSource, check: KeyCheck): KeyRules {
  const { general, litellm, environment } = source;
  const limits = { defaults: readDefaults(litellm, check), ceilings: readCeilings(litellm, check) };
  requireWithin(limits, check.findings);
  const path = 'litellm_settings.key_generation_settings';
  const makers = litellm.map('key_generation_settings') ?? {};
  checkKeys(makers, path, keyGeneration, check);
  return {
    ...limits,
    teamKeys: readMakers(makers, 'team_key_generation', path, check),
    personalKeys: readMakers(makers, 'personal_key_generation', path, check),
    teamsOnly: general.boolean('default_team_disabled') ?? false,
    gracePeriod: checkedDuration(environment[GRACE] || undefined, GRACE, check.findings) ?? null,
  };
}
