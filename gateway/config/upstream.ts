import { findProvider, type Provider, servedProviders, unservedWireFormat } from '../providers/catalogue.ts';
import type { Environment } from './config.ts';
import type { Findings, Reader, Settings } from './findings.ts';
import { nearest } from './nearest.ts';
import { referencedVariable } from './references.ts';

/** Names that OpenAI's own models begin with, for entries that name no provider. */
const OPENAI_NAMES = /^(?:gpt-|chatgpt-|o[1-9](?:-|$))/;

/** Where an entry sends its calls. */
export interface Upstream {
  readonly provider: string;
  readonly model: string;
  readonly row: Provider;
}

function unservedProvider(prefix: string): string {
  const format = unservedWireFormat(prefix);
  const served = `served are ${servedProviders().join(', ')}`;
  if (format === 'openai') return `'${prefix}' is not served by name; write openai/MODEL with its api_base`;
  if (format !== undefined) return `the wire format of '${prefix}' (${format}) is not served yet; ${served}`;
  const meant = nearest(prefix, servedProviders());
  if (meant !== undefined) return `'${prefix}' is no provider; did you mean '${meant}'?`;
  return `'${prefix}' is no provider; ${served}`;
}

/** Splits `provider/model`; a bare name is OpenAI's when it looks like one. */
function splitModel(model: string, custom: string | undefined): { provider: string; model: string } {
  if (custom !== undefined) {
    return {
      provider: custom,
      model: model.startsWith(`${custom}/`) ? model.slice(custom.length + 1) : model,
    };
  }
  const slash = model.indexOf('/');
  if (slash > 0) return { provider: model.slice(0, slash), model: model.slice(slash + 1) };
  return { provider: OPENAI_NAMES.test(model) ? 'openai' : '', model };
}

/** The provider and model that an entry names; undefined, with a fault, when they cannot be served. */
export function upstreamOf(params: Reader, path: string, findings: Findings): Upstream | undefined {
  const written = params.text('model');
  if (written === undefined) {
    findings.fault(
      `${path}.litellm_params.model`,
      'is missing; write provider/model, for example openai/gpt-4o',
    );
    return undefined;
  }
  const { provider, model } = splitModel(written, params.text('custom_llm_provider'));
  const at = `${path}.litellm_params.model`;
  if (provider === '') {
    findings.fault(at, `'${written}' names no provider; write provider/${written}`);
    return undefined;
  }
  const row = findProvider(provider);
  if (row === undefined) findings.fault(at, unservedProvider(provider));
  else if (model === '') findings.fault(at, `'${written}' names no model; write ${provider}/MODEL`);
  else return { provider, model, row };
  return undefined;
}

function firstSet(names: readonly string[], environment: Environment): string | undefined {
  return names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
}

/** The provider's address: what the entry says, else the provider's variable, else the catalogue. */
export function addressOf(params: Reader, row: Provider, environment: Environment): string | undefined {
  const written = params.text('api_base') ?? params.text('base_url');
  return (written ?? firstSet(row.api_base_env ?? [], environment) ?? row.base_url)?.replace(/\/+$/, '');
}

/** Whether a text is an address that calls may go to: no secrets and nothing behind the path. */
export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return bare && /^https?:$/.test(url.protocol);
}

/** The first variable without which the entry cannot be called; null when it can. */
export function missingVariable(raw: Settings, row: Provider, environment: Environment): string | null {
  for (const key of ['api_key', 'api_base', 'base_url']) {
    const variable = referencedVariable(raw[key]);
    if (variable !== undefined && !environment[variable]) return variable;
  }
  const keyless = raw.api_key === undefined || raw.api_key === null;
  if (!keyless || row.api_key_optional || firstSet(row.api_key_env, environment) !== undefined) return null;
  return row.api_key_env[0] ?? null;
}

/** The key that an entry calls its provider with: what it says, else the provider's variable. */
export function keyOf(params: Reader, row: Provider, environment: Environment): string | null {
  return params.text('api_key') ?? firstSet(row.api_key_env, environment) ?? null;
}
