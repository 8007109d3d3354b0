import { type Pico, picoFromUsd, usdFromPico } from '../accounting/money.ts';
import { GatewayError } from '../http/errors.ts';
import type { Deployment } from '../routing/deployment.ts';

/** Tokens of an answer whose length neither the client nor the operator limits, and that of models is not known. */
const DEFAULT_OUTPUT_TOKENS = 4096;
/** An answer shorter than that is of no use to anybody. */
const LEAST_OUTPUT_TOKENS = 16;

/** What a call says about its size. */
export interface CallSize {
  readonly bodyBytes: number;
  /** The most tokens of one answer; null when nobody named a limit. */
  readonly maxTokens: number | null;
  /** Answers asked for. */
  readonly choices: number;
}

/** The most that a call can cost. Money is pico-dollars. */
export interface Bound {
  readonly amount: Pico;
  /** What it can make do with, when its answer may be limited; else the same. */
  readonly minimum: Pico;
  /** The longest answer, in tokens, that `amount` pays for. */
  tokensWithin(amount: Pico): number;
}

/** Pico-dollars per token that are not less than the rate. */
function roundedUp(rate: number): Pico {
  const pico = picoFromUsd(rate);
  return usdFromPico(pico) < rate ? pico + 1n : pico;
}

interface Dearest {
  readonly input: Pico;
  readonly output: Pico;
  readonly request: Pico;
}

/** The dearest rates of deployments that may serve the call; one without a price counts as free. */
function dearestOf(deployments: readonly Deployment[], now: number, tokens: number): Dearest {
  const rates = deployments.map(({ price }) => price?.(now, tokens)).filter((known) => known !== undefined);
  const most = (amounts: readonly number[]): Pico => roundedUp(Math.max(0, ...amounts));
  return {
    input: most(rates.flatMap(({ input, cacheRead, cacheWrite }) => [input, cacheRead, cacheWrite])),
    output: most(rates.map(({ output }) => output)),
    request: most(rates.map(({ request }) => request)),
  };
}

/** Whether everything that may serve the call has a price of nothing: no budget is asked then. */
export function isFree(deployments: readonly Deployment[], now: number): boolean {
  return deployments.every(({ price }) => {
    const rates = price?.(now, 1);
    return rates !== undefined && rates.input === 0 && rates.output === 0 && rates.request === 0;
  });
}

/** Throws GatewayError unpriced_model when one of the deployments has no price: what it costs cannot be limited. */
export function requirePrices(deployments: readonly Deployment[]): void {
  const unpriced = deployments.find(({ price }) => price === null);
  if (unpriced === undefined) return;
  throw new GatewayError(
    'unpriced_model',
    `No price is known for ${unpriced.provider}/${unpriced.upstreamModel}, and this key has a budget: the operator sets input_cost_per_token and output_cost_per_token in the model's litellm_params or model_info`,
  );
}

/** The most that a call can cost on the dearest of the deployments: a token is at least one byte of its body. */
export function boundOf(size: CallSize, deployments: readonly Deployment[], now: number): Bound {
  const { bodyBytes, maxTokens, choices } = size;
  const { input, output, request } = dearestOf(deployments, now, bodyBytes);
  const fixed = BigInt(bodyBytes) * input + request;
  const each = output * BigInt(choices);
  const tokens = BigInt(maxTokens ?? DEFAULT_OUTPUT_TOKENS);
  const amount = fixed + tokens * each;
  return {
    amount,
    minimum: maxTokens === null ? fixed + BigInt(LEAST_OUTPUT_TOKENS) * each : amount,
    tokensWithin(within) {
      return within >= amount || each === 0n ? Number(tokens) : Number((within - fixed) / each);
    },
  };
}
