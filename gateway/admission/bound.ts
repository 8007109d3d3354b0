import type { Pico } from '../accounting/money.ts';
import { boundOf as tariffBound } from '../accounting/rates.ts';
import { GatewayError } from '../http/errors.ts';
import type { Deployment } from '../routing/deployment.ts';
import type { CallSize } from './call-size.ts';

/** An answer shorter than that is of no use to anybody. */
const LEAST_OUTPUT_TOKENS = 16;

/** The most that a call can cost. */
export interface Bound {
  readonly amount: Pico;
  /** What it can make do with, when its answer may be limited; else the same. */
  readonly minimum: Pico;
  /** The longest answer, in tokens, that `amount` pays for. */
  tokensWithin(amount: Pico): number;
}

/** Whether everything that may serve the call has a price of nothing: no budget is asked then. */
export function isFree(deployments: readonly Deployment[], now: number): boolean {
  return deployments.every(({ price }) =>
    price?.(now).every(
      ({ rates, mostInput, mostOutput }) => mostInput === 0n && mostOutput === 0n && rates.request === 0n,
    ),
  );
}

/** Throws GatewayError unpriced_model when one of the deployments has no price: what it costs cannot be limited. */
export function requirePrices(deployments: readonly Deployment[]): void {
  const unpriced = deployments.find(({ price }) => price === null);
  if (unpriced === undefined) return;
  throw new GatewayError(
    'unpriced_model',
    `No price is known for ${unpriced.provider}/${unpriced.upstreamModel}, and this call comes out of a budget: the operator sets input_cost_per_token and output_cost_per_token in the model's litellm_params or model_info`,
  );
}

/** The largest whole number up to `most` that holds; 0 when none does. What holds for a number holds below it. */
function largest(most: number, holds: (tokens: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The most that a call can cost on the dearest of the deployments, at the prices of the moment it begins. */
export function boundOf(size: CallSize, deployments: readonly Deployment[], now: number): Bound {
  const { maxTokens, choices } = size;
  const priced = deployments.flatMap(({ price, upstreamModel }) =>
    price === null ? [] : [{ tariff: price(now), inputTokens: size.inputTokens(upstreamModel) }],
  );
  const costOf = (tokens: number): Pico =>
    priced
      .map(({ tariff, inputTokens }) => tariffBound({ inputTokens, outputTokens: tokens * choices }, tariff))
      .reduce((most, cost) => (cost > most ? cost : most), 0n);
  const tokens = maxTokens ?? Math.max(...deployments.map(({ maxOutputTokens }) => maxOutputTokens));
  const amount = costOf(tokens);
  return {
    amount,
    minimum: maxTokens === null ? costOf(Math.min(LEAST_OUTPUT_TOKENS, tokens)) : amount,
    tokensWithin: (within) =>
      within >= amount ? tokens : largest(tokens, (fewer) => costOf(fewer) <= within),
  };
}
