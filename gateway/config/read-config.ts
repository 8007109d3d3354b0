import { DatabaseUrlError, readDatabaseUrl } from '../../appliance/index.ts';
import { isTimeZone } from '../admission/budget-period.ts';
import { limits } from '../http/limits.ts';
import { parseDuration } from '../identity/duration.ts';
import { readAlerting } from './alerting.ts';
import { checkCallbacks, checkKeys, type KeyCheck } from './check-keys.ts';
import type {
  Config,
  ConfigResult,
  DeploymentConfig,
  DeploymentRules,
  Environment,
  ModelAlias,
  Places,
  StoredModelSettings,
  Timeouts,
} from './config.ts';
import { readContentSettings } from './content-settings.ts';
import { readCredentials } from './credentials.ts';
import { readDeployment } from './deployment.ts';
import { checkRateWindow, readLimitDefaults } from './deployment-limits.ts';
import { Findings, isMap, Reader, type Settings } from './findings.ts';
import { generalSettings, litellmSettings, routerSettings, topLevel } from './known-keys.ts';
import { readKeyRules } from './read-key-rules.ts';
import { readNetworkRules } from './read-network-rules.ts';
import { readRouteRules } from './read-route-rules.ts';
import { readTeamDefaults } from './read-team-defaults.ts';
import { readUserDefaults } from './read-user-defaults.ts';
import { readRedis } from './redis.ts';
import { resolveReferences } from './references.ts';
import { readAuditPeriod, readRetention } from './retention.ts';
import { shownSettings } from './shown-settings.ts';
import { type StoredSettings, withStored } from './stored-settings.ts';
import { readTagSettings } from './tag-settings.ts';
import { readUserHeaders } from './user-headers.ts';
import { parseYaml } from './yaml.ts';

const SECOND = 1000;
const DEFAULT_TIMEOUT_MS = limits.readMs;
const DEFAULT_FLUSH_SECONDS = 10;
const DEFAULT_CONNECTIONS = 10;
const MAX_DRAIN_SECONDS = 3600;
const DEFAULT_PROBES = 8;
const MAX_PROBES = 100;

export interface ConfigSource {
  readonly text: string;
  readonly environment: Environment;
  readonly places: Places;
  /** What the database holds of the settings, and may: it wins over the file. */
  readonly stored?: StoredSettings;
}

/** The environment that references see: `environment_variables` of the file wins, as in LiteLLM. */
function withFileVariables(file: Reader, environment: Environment): Environment {
  const variables = file.textMap('environment_variables') ?? {};
  return { ...environment, ...(resolveReferences(variables, environment) as Record<string, string>) };
}

function readAliases(router: Reader, findings: Findings): Record<string, ModelAlias> {
  const aliases: Record<string, ModelAlias> = {};
  for (const [alias, target] of Object.entries(router.map('model_group_alias') ?? {})) {
    if (typeof target === 'string') aliases[alias] = { model: target, hidden: false };
    else if (isMap(target) && typeof target.model === 'string') {
      aliases[alias] = { model: target.model, hidden: target.hidden === true };
    } else {
      findings.fault(
        `router_settings.model_group_alias.${alias}`,
        'must be a group name, or a map with model',
      );
    }
  }
  return aliases;
}

function readTimeouts(router: Reader, litellm: Reader): Timeouts {
  const seconds = router.number('timeout', 0.001) ?? litellm.number('request_timeout', 0.001);
  const timeoutMs = seconds === undefined ? DEFAULT_TIMEOUT_MS : seconds * SECOND;
  const streamSeconds = router.number('stream_timeout', 0.001);
  return { timeoutMs, streamTimeoutMs: streamSeconds === undefined ? timeoutMs : streamSeconds * SECOND };
}

function readModelList(
  file: Reader,
  { enabled, rules }: StoredModelSettings,
  findings: Findings,
): DeploymentConfig[] {
  const entries = file.list('model_list') ?? [];
  if (entries.length === 0 && !enabled) {
    findings.fault('model_list', 'is missing or empty; name at least one model');
  }
  const seenIds = new Set<string>();
  return entries.flatMap(
    (entry, index) => readDeployment(entry, `model_list.${index}`, { ...rules, findings, seenIds }) ?? [],
  );
}

function readStoredModelSettings(general: Reader, rules: DeploymentRules): StoredModelSettings {
  const inEnvironment = /^true$/i.test(rules.environment.STORE_MODEL_IN_DB ?? '');
  const enabled = general.boolean('store_model_in_db') ?? inEnvironment;
  const locked = general.boolean('disable_add_model_via_api') ?? false;
  return { enabled, writable: enabled && !locked, rules };
}

function requireText(value: string | undefined, name: string, where: string, findings: Findings): string {
  if (value === undefined || value === '') findings.fault(name, `is not set; ${where}`);
  return value ?? '';
}

function readSecrets(general: Reader, environment: Environment, places: Places, findings: Findings) {
  const setIt = `set it in ${places.serviceEnv}`;
  const masterKey = requireText(
    general.text('master_key') ?? environment.LITELLM_MASTER_KEY,
    'LITELLM_MASTER_KEY',
    `${setIt}, or as general_settings.master_key`,
    findings,
  );
  if (masterKey !== '' && !masterKey.startsWith('sk-')) {
    findings.warn('LITELLM_MASTER_KEY', "does not begin with 'sk-', which some clients and pages want");
  }
  return {
    masterKey,
    saltKey: requireText(environment.LITELLM_SALT_KEY, 'LITELLM_SALT_KEY', setIt, findings),
    // LiteLLM seals with the master key where there is no salt key.
    earlierSaltKeys: [environment.LITELLM_SALT_KEY_PREVIOUS, masterKey].flatMap((key) => key || []),
    databaseUrl: readDatabase(general, environment, setIt, findings),
  };
}

/** A database that would be reached without verified TLS is a fault, not something to find out at the first query. */
function readDatabase(general: Reader, environment: Environment, setIt: string, findings: Findings): string {
  const name = 'DATABASE_URL';
  const written = general.text('database_url') ?? environment.DATABASE_URL;
  const url = requireText(written, name, `${setIt}, or as general_settings.database_url`, findings);
  try {
    if (url !== '') readDatabaseUrl(name, url);
  } catch (error) {
    if (!(error instanceof DatabaseUrlError)) throw error;
    findings.fault(error.variable, error.complaint);
  }
  return url;
}

function readTimezone(litellm: Reader, findings: Findings): string {
  const zone = litellm.text('timezone') ?? 'UTC';
  if (isTimeZone(zone)) return zone;
  findings.fault('litellm_settings.timezone', `'${zone}' is no time zone; write one as Europe/Berlin or UTC`);
  return 'UTC';
}

const UNCHECKED = 'allow_requests_on_db_unavailable';

function readServesWithoutDatabase(general: Reader, findings: Findings): boolean {
  const serves = general.boolean(UNCHECKED) ?? false;
  if (serves) {
    findings.warn(
      `general_settings.${UNCHECKED}`,
      'while the database is away whoever sends any key may call every model, without budgets and limits: for closed networks only',
    );
  }
  return serves;
}

/** As in LiteLLM, a budget of 0 is none. */
function readGlobalBudget(litellm: Reader, findings: Findings): Config['globalBudget'] {
  const maxBudget = litellm.number('max_budget', 0) ?? 0;
  const duration = litellm.text('budget_duration') ?? null;
  if (duration !== null && !parseDuration(duration)?.count) {
    findings.fault(
      'litellm_settings.budget_duration',
      `'${duration}' is no duration; write one as 30d or 1mo`,
    );
  }
  return maxBudget === 0 ? null : { maxBudget, duration };
}

function readEndUserDefault(litellm: Reader): Config['endUserDefault'] {
  const budgetId = litellm.text('max_end_user_budget_id') ?? null;
  const maxBudget = litellm.number('max_end_user_budget', 0) ?? null;
  return budgetId === null && maxBudget === null ? null : { budgetId, maxBudget };
}

/** What a call must say, and where it says who makes it and whom it is for. */
function readCallDuties(
  general: Reader,
  check: KeyCheck,
): Pick<Config, 'keyHeader' | 'userHeaders' | 'userRequired' | 'requiredParams'> {
  const keyHeader = general.text('litellm_key_header_name')?.toLowerCase() || null;
  return {
    keyHeader,
    userHeaders: readUserHeaders(general, keyHeader, check),
    userRequired: general.boolean('enforce_user_param') ?? false,
    requiredParams: general.texts('enforced_params') ?? [],
  };
}

function readDrainMs(environment: Environment, findings: Findings): number {
  const written = environment.LITELLM_DRAIN_SECONDS;
  if (written === undefined || written === '') return limits.drainMs;
  const seconds = Number(written);
  if (seconds >= 0 && seconds <= MAX_DRAIN_SECONDS) return seconds * SECOND;
  findings.fault('LITELLM_DRAIN_SECONDS', `must be a number of seconds from 0 to ${MAX_DRAIN_SECONDS}`);
  return limits.drainMs;
}

function readLogLevel(environment: Environment, findings: Findings): Config['logLevel'] {
  const written = (environment.LITELLM_LOG || 'info').toLowerCase();
  const known = (['debug', 'info', 'warn', 'error'] as const).find((level) => level === written);
  if (known === undefined) findings.fault('LITELLM_LOG', 'must be DEBUG, INFO, WARN or ERROR');
  return known ?? 'info';
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

/**
 * Reads LiteLLM's config.yaml. Returns either the checked, frozen configuration or every fault at once,
 * and in both cases what the operator should know about it. Reads no file and no process state.
 */
export function readConfig({ text, environment: given, places, stored }: ConfigSource): ConfigResult {
  const findings = new Findings();
  const file = withStored(parseYaml(text, findings), stored);
  if (findings.faults.length > 0)
    return { config: null, faults: findings.faults, warnings: findings.warnings };
  const top = new Reader(file, '', findings);
  const environment = withFileVariables(top, given);
  const section = (key: string) => resolveReferences(top.map(key) ?? {}, environment) as Settings;
  const [generalMap, litellmMap, routerMap] = [
    section('general_settings'),
    section('litellm_settings'),
    section('router_settings'),
  ];
  const general = new Reader(generalMap, 'general_settings', findings);
  const litellm = new Reader(litellmMap, 'litellm_settings', findings);
  const router = new Reader(routerMap, 'router_settings', findings);
  const check = { findings, allowUnknown: general.boolean('allow_unknown_settings') ?? false };
  checkKeys(file, '', topLevel, check);
  checkKeys(generalMap, 'general_settings', generalSettings, check);
  checkKeys(litellmMap, 'litellm_settings', litellmSettings, check);
  checkKeys(routerMap, 'router_settings', routerSettings, check);
  checkCallbacks(litellmMap, findings);
  // The admin UI lets in the admin alone, which is both; `sso`, as guides have it, would be none of them.
  general.choice('ui_access_mode', ['all', 'admin_only']);
  // What is stored is sealed so and in no other way; what LiteLLM has sealed otherwise is read all the same.
  general.choice('encryption_algorithm', ['aes-256-gcm']);
  // The owner role drops rows; what is wrong is to be told before it tries.
  readRetention(general, findings);
  readAuditPeriod(general, findings);
  checkRateWindow(environment, findings);

  const storedModels = readStoredModelSettings(general, {
    allowUnknown: check.allowUnknown,
    environment,
    timeouts: readTimeouts(router, litellm),
    limits: readLimitDefaults(router, general, findings),
    credentials: readCredentials(top, findings),
  });
  const config: Config = {
    ...readSecrets(general, environment, places, findings),
    storedModels,
    ignoresStoredSettings: general.boolean('ignore_stored_settings') ?? false,
    deployments: readModelList(top, storedModels, findings),
    aliases: readAliases(router, findings),
    databaseConnections: general.number('database_connection_pool_limit', 1, 1000) ?? DEFAULT_CONNECTIONS,
    spendFlushMs: (general.number('proxy_batch_write_at', 0.01, 3600) ?? DEFAULT_FLUSH_SECONDS) * SECOND,
    spendDirectory: environment.LITELLM_SPEND_DIR || places.spendState,
    budgetEnforcement: general.choice('budget_enforcement', ['strict', 'compatible']) ?? 'compatible',
    globalBudget: readGlobalBudget(litellm, findings),
    endUserDefault: readEndUserDefault(litellm),
    timezone: readTimezone(litellm, findings),
    onClientDisconnect: general.choice('on_client_disconnect', ['drain', 'cancel']) ?? 'drain',
    recordCalls: !(general.boolean('disable_spend_logs') ?? false),
    recordFailures: !(general.boolean('disable_error_logs') ?? false),
    tags: readTagSettings({ general, litellm }),
    content: readContentSettings({ general, litellm }, environment, findings),
    logKeys: !(litellm.boolean('redact_user_api_key_info') ?? false),
    recordChanges: litellm.boolean('store_audit_logs') ?? false,
    alwaysIncludeStreamUsage: general.boolean('always_include_stream_usage') ?? false,
    ...readCallDuties(general, check),
    globalParallel: general.number('global_max_parallel_requests', 0) ?? null,
    keyRules: readKeyRules({ general, litellm, environment }, check),
    routeRules: readRouteRules(general, findings),
    networkRules: readNetworkRules(general, findings),
    teamDefaults: readTeamDefaults(litellm, check),
    userDefaults: readUserDefaults(litellm, check),
    servesWithoutDatabase: readServesWithoutDatabase(general, findings),
    cutsStreamsOnBlock: general.boolean('cut_streams_on_block') ?? false,
    healthChecks: {
      details: general.boolean('health_check_details') ?? true,
      concurrency: general.number('health_check_concurrency', 1, MAX_PROBES) ?? DEFAULT_PROBES,
    },
    limitedTokens: general.choice('token_rate_limit_type', ['total', 'input', 'output']) ?? 'total',
    redis: readRedis(router, top.map('router_settings') ?? {}, findings),
    alerting: readAlerting({ general, environment, places }, check),
    shownSettings: shownSettings(top),
    drainMs: readDrainMs(environment, findings),
    logLevel: readLogLevel(environment, findings),
  };
  const { faults, warnings } = findings;
  if (faults.length > 0) return { config: null, faults, warnings };
  return { config: deepFreeze(config), faults: [], warnings };
}
