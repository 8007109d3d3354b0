import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import type { PriceOverrides } from '../config/config.ts';
import type { Usage } from './usage.ts';

const MINUTE = 60_000;
const PER_MILLION = 1_000_000;
const PER_THOUSAND = 1000;
/** Some providers are cheaper at night; the price data's times of day are on quarters of an hour. */
const SLOT_MS = 15 * MINUTE;

/** USD per token of one call, and per call. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly request: number;
}

/** What a deployment charges: the rates at a time, for a prompt of so many tokens (long prompts can cost more). */
export type PriceList = (at: number, promptTokens: number) => Rates;

export interface PricedModel {
  /** Name of the provider in the price data; undefined when it is not in there. */
  readonly provider: string | undefined;
  readonly model: string;
  readonly overrides: PriceOverrides;
}

type Amount = ModelPrice[string];

function tokenRate(amount: Amount, promptTokens: number): number | undefined {
  if (amount === undefined || typeof amount === 'number')
    return amount === undefined ? undefined : amount / PER_MILLION;
  const tier = amount.tiers.findLast(({ start }) => promptTokens > start);
  return (tier?.price ?? amount.base) / PER_MILLION;
}

function lookUp({ provider, model }: PricedModel, at: number): ModelPrice | undefined {
  if (provider === undefined) return undefined;
  const usage = { input_tokens: 1, output_tokens: 1 };
  return calcPrice(usage, model, { providerId: provider, timestamp: new Date(at) })?.model_price;
}

function ratesOf(price: ModelPrice, overrides: PriceOverrides, promptTokens: number): Rates {
  const input = overrides.input ?? tokenRate(price.input_mtok, promptTokens) ?? 0;
  return {
    input,
    output: overrides.output ?? tokenRate(price.output_mtok, promptTokens) ?? 0,
    cacheRead: overrides.cacheRead ?? tokenRate(price.cache_read_mtok, promptTokens) ?? input,
    cacheWrite: overrides.cacheWrite ?? tokenRate(price.cache_write_mtok, promptTokens) ?? input,
    request: typeof price.requests_kcount === 'number' ? price.requests_kcount / PER_THOUSAND : 0,
  };
}

/**
 * The price list of a model, looked up once and then again only when a price that depends on the time of day may have
 * changed: a look-up costs 7 to 36 µs. Null when neither the data nor the operator knows a price.
 */
export function priceList(priced: PricedModel, now: number): PriceList | null {
  const { overrides } = priced;
  let slot = Math.floor(now / SLOT_MS);
  let price = lookUp(priced, now);
  if (price === undefined && overrides.input === undefined && overrides.output === undefined) return null;
  return (at, promptTokens) => {
    const current = Math.floor(at / SLOT_MS);
    if (current !== slot) {
      slot = current;
      price = lookUp(priced, at);
    }
    return ratesOf(price ?? {}, overrides, promptTokens);
  };
}

/** USD for one answer. */
export function costOf(usage: Usage, rates: Rates): number {
  const cacheRead = Math.min(usage.cacheRead, usage.prompt);
  const cacheWrite = Math.min(usage.cacheWrite, usage.prompt - cacheRead);
  const uncached = usage.prompt - cacheRead - cacheWrite;
  return (
    uncached * rates.input +
    cacheRead * rates.cacheRead +
    cacheWrite * rates.cacheWrite +
    usage.completion * rates.output +
    rates.request
  );
}
