import type { Pico } from './money.ts';
import { type Priced, tokenKinds } from './token-kinds.ts';
import type { Usage } from './usage.ts';

/**
 * Prices of one call: a token of each kind, and `request` for the call as such. They are whole pico-dollars, unless one of
 * them is finer: then all are counted in parts, `perPico` (a power of ten) of which make a pico-dollar, so that sums are exact.
 */
export interface Rates extends Readonly<Record<Priced, bigint>> {
  readonly perPico: bigint;
}

/** Rates for prompts of more than `above` tokens. */
export interface Tier {
  readonly above: number;
  readonly rates: Rates;
  /** The dearest of the prompt's and of the answer's kinds. */
  readonly mostInput: bigint;
  readonly mostOutput: bigint;
}

/** What a deployment charges at one time: the tiers in ascending order; the first one is for every prompt. */
export type Tariff = readonly [Tier, ...Tier[]];

/** The rates for a prompt of so many tokens: the whole call is charged at those of the highest tier that it reaches. */
export function ratesFor(tariff: Tariff, promptTokens: number): Rates {
  if (tariff.length === 1) return tariff[0].rates;
  return (tariff.findLast(({ above }) => promptTokens > above) ?? tariff[0]).rates;
}

/** Up to the next whole pico-dollar: a call that has a price is never free, and pays less than a pico too much. */
function wholePico(parts: bigint, perPico: bigint): Pico {
  return perPico === 1n ? parts : (parts + perPico - 1n) / perPico;
}

/** What an answer costs, exactly; rounded up where the rates are finer than a pico-dollar. */
export function costOf(usage: Usage, rates: Rates): Pico {
  let parts = rates.request;
  for (const kind of tokenKinds) {
    const tokens = usage[kind];
    if (tokens !== 0) parts += BigInt(tokens) * rates[kind];
  }
  return wholePico(parts, rates.perPico);
}

/** Most tokens that a call can take and make. */
export interface TokenBound {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * What no call can exceed whose prompt and answer are at most so long, whatever kinds their tokens are of: at the dearest
 * kinds of the dearest tier that the prompt may reach.
 */
export function boundOf({ inputTokens, outputTokens }: TokenBound, tariff: Tariff): Pico {
  const [input, output] = [BigInt(inputTokens), BigInt(outputTokens)];
  let most = 0n;
  for (const { above, rates, mostInput, mostOutput } of tariff) {
    if (above >= inputTokens && above >= 0) break;
    const bound = wholePico(input * mostInput + output * mostOutput + rates.request, rates.perPico);
    if (bound > most) most = bound;
  }
  return most;
}
