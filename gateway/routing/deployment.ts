import { maxOutputTokens } from '../accounting/price-overlay.ts';
import { type PriceList, priceList } from '../accounting/prices.ts';
import { type Limit, limitsOf } from '../admission/limits/limit-store.ts';
import type { DeploymentConfig } from '../config/config.ts';
import { findProvider, type Provider } from '../providers/catalogue.ts';
import { Destination } from '../providers/http/destination.ts';

/** A deployment compiled for calls: everything that does not change from call to call is worked out. */
export interface Deployment {
  readonly id: string;
  readonly provider: string;
  readonly row: Provider;
  readonly upstreamModel: string;
  /** The same as a JSON text. */
  readonly modelText: string;
  /** Address as the operator knows it, shown in headers and spend rows. */
  readonly apiBase: string;
  /** Where chat completions are asked for; null where the deployment has no address, as one that is not active. */
  readonly chat: Destination | null;
  /** The key, to strike it out of whatever the provider quotes. */
  readonly apiKey: string | null;
  readonly missingVariable: string | null;
  /** JSON texts of the body members sent where the client sets none. */
  readonly defaults: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  readonly streamTimeoutMs: number;
  /** Null when nobody prices its tokens: its calls cost nothing, and are named as unpriced wherever they show. */
  readonly price: PriceList | null;
  /** Most tokens of one answer; 4,096 when nobody states it. */
  readonly maxOutputTokens: number;
  readonly accessGroups: readonly string[];
  /** What its provider may be asked in any 60 s and at the same time, all callers together. */
  readonly limits: readonly Limit[];
}

function requestHeaders({ apiKey, headers }: DeploymentConfig): string[] {
  const all = new Map([
    ['content-type', 'application/json'],
    ['accept-encoding', 'identity'],
  ]);
  if (apiKey !== null) all.set('authorization', `Bearer ${apiKey}`);
  for (const [name, value] of Object.entries(headers)) all.set(name.toLowerCase(), value);
  return [...all].flat();
}

function chatDestination(config: DeploymentConfig): Destination | null {
  if (config.apiBase === '') return null;
  const { origin, pathname } = new URL(config.apiBase);
  const path = `${pathname === '/' ? '' : pathname}/chat/completions`;
  return new Destination({ origin, path, headers: requestHeaders(config) });
}

/** Compiles one entry of the configuration; `model` is the upstream model when a wildcard was filled in. */
export function compileDeployment(
  config: DeploymentConfig,
  now: number,
  model = config.upstreamModel,
): Deployment {
  const row = findProvider(config.provider);
  if (row === undefined) throw new Error(`provider '${config.provider}' is not in the catalogue`);
  const defaults = Object.entries(config.defaults).map(
    ([name, value]) => [row.param_mappings?.[name] ?? name, JSON.stringify(value)] as const,
  );
  const named = { provider: config.provider, model: config.baseModel ?? model };
  return {
    id: config.id,
    provider: config.provider,
    row,
    upstreamModel: model,
    modelText: JSON.stringify(model),
    apiBase: config.apiBase,
    chat: chatDestination(config),
    apiKey: config.apiKey,
    missingVariable: config.missingVariable,
    defaults: new Map(defaults),
    timeoutMs: config.timeoutMs,
    streamTimeoutMs: config.streamTimeoutMs,
    price: priceList({ ...named, dataProvider: row.price_provider, overrides: config.prices }, now),
    maxOutputTokens: maxOutputTokens({ ...named, stated: config.maxOutputTokens }, now),
    accessGroups: config.accessGroups,
    limits: limitsOf('deployment', config.id, config.limits),
  };
}
