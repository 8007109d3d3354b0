import { createHash } from 'node:crypto';
import { checkKeys, checkMeaningfulKeys, type KeyCheck } from './check-keys.ts';
import type { DeploymentConfig, DeploymentRules, ProbeConfig, Timeouts } from './config.ts';
import { withCredential } from './credentials.ts';
import { readDeploymentLimits } from './deployment-limits.ts';
import { type Findings, isMap, Reader, type Settings } from './findings.ts';
import { litellmParams, modelEntry, modelInfo } from './known-keys.ts';
import { modelTeam, publicName } from './model-team.ts';
import { readPrices } from './price-keys.ts';
import { referencedVariable, resolveReferences } from './references.ts';
import { shownParams } from './shown-params.ts';
import { addressOf, isHttpUrl, keyOf, missingVariable, upstreamOf } from './upstream.ts';

const SECOND = 1000;

/** Stable across restarts and keys: the hash of what the entry says without the keys that stand in it in clear. */
function hashId({ raw, modelName }: Entry, seen: ReadonlySet<string>): string {
  const visible = Object.entries(raw).filter(
    ([key, value]) => key !== 'api_key' || referencedVariable(value) !== undefined,
  );
  const content = JSON.stringify([modelName, visible.sort(([a], [b]) => (a < b ? -1 : 1))]);
  for (let copy = 0; ; copy++) {
    const id = createHash('sha256').update(`${content}#${copy}`).digest('hex');
    if (!seen.has(id)) return id;
  }
}

function extraHeaders(params: Reader, findings: Findings, path: string): Record<string, string> {
  const headers: Record<string, string> = {
    ...params.textMap('headers'),
    ...params.textMap('extra_headers'),
  };
  for (const [name, value] of Object.entries(headers)) {
    const valid = /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\r\n\0]/.test(value);
    if (!valid) findings.fault(`${path}.litellm_params.extra_headers`, `'${name}' is no valid header`);
    if (/^(?:host|content-length|connection|transfer-encoding|accept-encoding)$/i.test(name)) {
      findings.fault(`${path}.litellm_params.extra_headers`, `'${name}' is set by the gateway; remove it`);
    }
  }
  const organization = params.text('organization');
  return organization === undefined ? headers : { ...headers, 'openai-organization': organization };
}

/** Members of `litellm_params` without a meaning of their own: the provider gets them where the client sets nothing. */
function bodyDefaults(params: Settings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(params).filter(([key, value]) => !litellmParams.has(key) && value !== null),
  );
}

export interface DeploymentContext extends KeyCheck, DeploymentRules {
  /** Ids of the entries read before. */
  readonly seenIds: Set<string>;
}

/** LiteLLM's newest default: some reasoning models refuse an answer of fewer tokens. */
const PROBE_TOKENS = 16;
const PROBE_SECONDS = 60;

function readProbe(info: Reader, provider: string): ProbeConfig {
  const model = info.text('health_check_model') ?? null;
  return {
    model: model?.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model,
    maxTokens: info.number('health_check_max_tokens', 1) ?? PROBE_TOKENS,
    timeoutMs: (info.number('health_check_timeout', 0.001) ?? PROBE_SECONDS) * SECOND,
  };
}

interface Entry {
  readonly raw: Settings;
  readonly info: Settings;
  readonly modelName: string;
}

/** The parts of an entry with their keys checked; undefined when one that nothing works without is missing. */
function readEntry(entry: unknown, path: string, context: DeploymentContext): Entry | undefined {
  const { findings } = context;
  if (!isMap(entry)) {
    findings.fault(path, 'must be a map with model_name and litellm_params');
    return undefined;
  }
  checkKeys(entry, path, modelEntry, context);
  const reader = new Reader(entry, path, findings);
  const raw = reader.map('litellm_params');
  const info = reader.map('model_info') ?? {};
  const modelName = reader.text('model_name');
  if (modelName === undefined)
    findings.fault(`${path}.model_name`, 'is missing; give the name that clients ask for');
  if (raw === undefined) findings.fault(`${path}.litellm_params`, 'is missing; give at least model');
  if (raw === undefined || modelName === undefined) return undefined;
  checkMeaningfulKeys(raw, `${path}.litellm_params`, litellmParams, findings);
  checkMeaningfulKeys(info, `${path}.model_info`, modelInfo, findings);
  return { raw, info, modelName };
}

function readId(info: Reader, entry: Entry, path: string, { findings, seenIds }: DeploymentContext): string {
  const id = info.text('id') ?? hashId(entry, seenIds);
  if (seenIds.has(id)) findings.fault(`${path}.model_info.id`, `'${id}' is the id of another entry too`);
  seenIds.add(id);
  return id;
}

function readOwnTimeouts(params: Reader, { timeouts }: DeploymentContext): Timeouts {
  const timeout = params.number('timeout', 0.001);
  const stream = params.number('stream_timeout', 0.001) ?? timeout;
  return {
    timeoutMs: timeout === undefined ? timeouts.timeoutMs : timeout * SECOND,
    streamTimeoutMs: stream === undefined ? timeouts.streamTimeoutMs : stream * SECOND,
  };
}

/** Reads one entry of `model_list`; undefined when it has a fault that leaves nothing to serve. */
export function readDeployment(
  written: unknown,
  path: string,
  context: DeploymentContext,
): DeploymentConfig | undefined {
  const { findings, environment } = context;
  const entry = readEntry(written, path, context);
  if (entry === undefined) return undefined;
  const { modelName } = entry;
  const raw = withCredential(entry.raw, `${path}.litellm_params`, context);
  const resolved = resolveReferences(raw, environment) as Settings;
  const params = new Reader(resolved, `${path}.litellm_params`, findings);
  const info = new Reader(
    resolveReferences(entry.info, environment) as Settings,
    `${path}.model_info`,
    findings,
  );
  const upstream = upstreamOf(params, path, findings);
  if (upstream === undefined) return undefined;
  const missing = missingVariable(raw, upstream.row, environment);
  const apiBase = addressOf(params, upstream.row, environment);
  const addressPath = `${path}.litellm_params.api_base`;
  if (apiBase === undefined && missing === null) {
    findings.fault(addressPath, `is missing: ${upstream.provider} has no address of its own`);
  } else if (apiBase !== undefined && !isHttpUrl(apiBase)) {
    findings.fault(addressPath, 'must be an http or https URL without user, query or fragment');
  }
  const team = modelTeam(
    { team_id: info.text('team_id'), team_public_model_name: info.text('team_public_model_name') },
    modelName,
  );
  const called = publicName({ team, modelName });
  if (upstream.model.includes('*') && !called.includes('*')) {
    findings.fault(`${path}.litellm_params.model`, `holds '*', which model_name '${called}' does not fill`);
  }
  return {
    path,
    modelName,
    team,
    id: readId(info, entry, path, context),
    provider: upstream.provider,
    upstreamModel: upstream.model,
    apiBase: apiBase ?? '',
    apiKey: keyOf(params, upstream.row, environment),
    missingVariable: missing,
    headers: extraHeaders(params, findings, path),
    defaults: bodyDefaults(resolved),
    ...readOwnTimeouts(params, context),
    prices: readPrices(params, info),
    maxOutputTokens: info.number('max_output_tokens', 1) ?? info.number('max_tokens', 1) ?? null,
    baseModel: info.text('base_model') ?? null,
    accessGroups: info.texts('access_groups') ?? [],
    probe: readProbe(info, upstream.provider),
    limits: readDeploymentLimits(written as Settings, params, context.limits, { path, findings }),
    params: shownParams(resolveReferences(entry.raw, environment) as Settings),
    info: entry.info,
  };
}
