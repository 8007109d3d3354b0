import { fieldsOver, type KeyParams } from '../identity/key-params.ts';
import { isRowName } from '../identity/owners.ts';
import { roles, type Standing } from '../identity/roles.ts';
import { checkKeys, type KeyCheck } from './check-keys.ts';
import type { Environment } from './config.ts';
import { type Findings, isMap, Reader, type Settings } from './findings.ts';
import type { KeyDefaults, KeyMakers, KeyRules } from './key-rules.ts';
import { defaultKeyParams, keyGeneration, keyGenerationRule, upperboundKeyParams } from './known-keys.ts';
import {
  budgetParams,
  checkedDuration,
  duration,
  given,
  type Place,
  parallelCalls,
  usd,
} from './read-params.ts';
import { readModelBudgets, readWindows } from './read-part-budgets.ts';

const standings: readonly Standing[] = [...roles, 'org_admin', 'team_admin'];

function readParams(reader: Reader, place: Place): KeyParams {
  return given<KeyParams>({
    ...budgetParams(reader, place),
    duration: duration(reader, 'duration', place),
    max_parallel_requests: parallelCalls(reader, place),
    models: reader.texts('models'),
  });
}

const MOST_TAGS = 32;

function readTags(reader: Reader, { path, findings }: Place): readonly string[] | undefined {
  const tags = reader.texts('tags');
  if (tags !== undefined && (tags.length > MOST_TAGS || !tags.every(isRowName))) {
    findings.fault(`${path}.tags`, `must be at most ${MOST_TAGS} texts of 1 to 256 characters`);
  }
  return tags;
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
    tags: readTags(reader, place),
    soft_budget: usd(reader, 'soft_budget'),
    budget_limits: readWindows(reader, place.path, check),
    model_max_budget: readModelBudgets(reader, place.path, check),
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
const NO_NAMES = 'DISABLE_KEY_NAME';

function readShowsEnds(environment: Environment, findings: Findings): boolean {
  const written = environment[NO_NAMES] || 'false';
  if (!/^(?:true|false)$/i.test(written)) findings.fault(NO_NAMES, 'must be true or false');
  return written.toLowerCase() !== 'true';
}

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
    showsEnds: readShowsEnds(environment, check.findings),
    checksAliases: litellm.boolean('enable_key_alias_format_validation') ?? false,
  };
}
