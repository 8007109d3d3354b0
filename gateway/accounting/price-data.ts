import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import { type PriceSheet, readSheet, type WrittenPrices } from './price-sheet.ts';
import type { Priced } from './token-kinds.ts';

/** The package's names of what it prices, all per million tokens. */
const FIELDS: Readonly<Record<string, Priced>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'audioInput',
  input_image_mtok: 'imageInput',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  output_audio_mtok: 'audioOutput',
  output_image_mtok: 'imageOutput',
};
/** Its price per thousand calls. */
const REQUESTS = 'requests_kcount';

const FREE: WrittenPrices = { input: 0, output: 0 };

function written(price: ModelPrice): WrittenPrices {
  const prices: { [Field in Priced]?: number | string } = {};
  const above: Record<string, { [Field in Priced]?: number }> = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    const amount = price[name];
    if (typeof amount === 'number') prices[field] = amount;
    else if (amount !== undefined) {
      prices[field] = amount.base;
      for (const { start, price: step } of amount.tiers) above[start] = { ...above[start], [field]: step };
    }
  }
  const requests = price[REQUESTS];
  if (typeof requests === 'number') prices.request = `${requests}e-3`;
  return { ...prices, above };
}

/**
 * The price of a model in the data package at a time, in epoch milliseconds; undefined when it lists none. One that it
 * lists without any price is free: that is how the package says so.
 */
export function dataSheet(provider: string, model: string, at: number): PriceSheet | undefined {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const price = calcPrice(usage, model, { providerId: provider, timestamp: new Date(at) })?.model_price;
  if (price === undefined) return undefined;
  return readSheet(Object.keys(price).length === 0 ? FREE : written(price), 'million');
}
