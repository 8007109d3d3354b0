import type { WrittenPrices } from '../accounting/price-sheet.ts';
import type { Priced } from '../accounting/token-kinds.ts';
import type { Reader } from './findings.ts';

/** LiteLLM's keys of prices, in USD per token or per call, and what they price here. */
const keys: Readonly<Record<string, Priced>> = {
  input_cost_per_token: 'input',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  input_cost_per_audio_token: 'audioInput',
  input_cost_per_image_token: 'imageInput',
  output_cost_per_token: 'output',
  output_cost_per_reasoning_token: 'reasoning',
  output_cost_per_audio_token: 'audioOutput',
  output_cost_per_image_token: 'imageOutput',
  input_cost_per_request: 'request',
};

/** Thousands of tokens of the prompt above which some providers charge more: the borders that LiteLLM's keys know. */
const BORDERS = [128, 200, 272];

const tiered = Object.entries(keys)
  .filter(([, field]) => field !== 'request')
  .flatMap(([key, field]) =>
    BORDERS.map((border) => ({ key: `${key}_above_${border}k_tokens`, field, above: border * 1000 })),
  );

/** Every key that prices tokens or calls, in `litellm_params` and in `model_info`. */
export const priceKeys: readonly string[] = [...Object.keys(keys), ...tiered.map(({ key }) => key)];

/** USD; a token for more than that is a mistake. */
const MOST = 1;

/** The operator's prices of one entry; what `litellm_params` says wins over `model_info`. */
export function readPrices(params: Reader, info: Reader): WrittenPrices {
  const read = (key: string) => params.number(key, 0, MOST) ?? info.number(key, 0, MOST);
  const prices: { [Field in Priced]?: number } = {};
  for (const [key, field] of Object.entries(keys)) {
    const price = read(key);
    if (price !== undefined) prices[field] = price;
  }
  const above: Record<string, { [Field in Priced]?: number }> = {};
  for (const { key, field, above: border } of tiered) {
    const price = read(key);
    if (price !== undefined) above[border] = { ...above[border], [field]: price };
  }
  return Object.keys(above).length === 0 ? prices : { ...prices, above };
}
