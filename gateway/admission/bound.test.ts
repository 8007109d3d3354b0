import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WrittenPrices } from '../accounting/price-sheet.ts';
import { priceList } from '../accounting/prices.ts';
import { costOf, ratesFor } from '../accounting/rates.ts';
import { readUsage, type Usage } from '../accounting/usage.ts';
import type { Deployment } from '../routing/deployment.ts';
import { boundOf, isFree, requirePrices } from './bound.ts';

const NOW = Date.UTC(2026, 10, 21);
const RATES: WrittenPrices = { input: 1e-6, output: 4e-6, cacheRead: 1e-7, cacheWrite: 2e-6 };

function priced(overrides: WrittenPrices | null): Deployment {
  const unknown = { provider: 'openai', model: 'model', dataProvider: undefined };
  return {
    provider: 'openai',
    upstreamModel: 'model',
    maxOutputTokens: 4096,
    price: overrides && priceList({ ...unknown, overrides }, NOW),
  } as unknown as Deployment;
}

const size = (more: object = {}) => ({
  bytes: 100,
  inputTokens: () => 100,
  countedTokens: async () => 100,
  maxTokens: 50,
  choices: 1,
  ...more,
});

describe('the bound of a call', () => {
  test('is every token of the prompt at its dearest rate, and every token of the answer', () => {
    expect(boundOf(size(), [priced(RATES)], NOW).amount).toBe(100n * 2_000_000n + 50n * 4_000_000n);
  });

  test('counts every answer that is asked for, and what a request costs', () => {
    const bound = boundOf(size({ choices: 3 }), [priced({ ...RATES, request: 1e-3 })], NOW);
    expect(bound.amount).toBe(200_000_000n + 3n * 200_000_000n + 1_000_000_000n);
  });

  test('is that of the dearest deployment that may serve it', () => {
    const dear = priced({ ...RATES, output: 9e-6 });
    expect(boundOf(size(), [priced(RATES), dear], NOW)).toMatchObject({ amount: 650_000_000n });
  });

  test('of an answer that nobody limits is what the model makes at most, of which 16 tokens are the least', () => {
    const { amount, minimum } = boundOf(size({ maxTokens: null }), [priced(RATES)], NOW);
    expect([amount, minimum]).toEqual([200_000_000n + 4096n * 4_000_000n, 200_000_000n + 16n * 4_000_000n]);
    expect(boundOf(size(), [priced(RATES)], NOW).minimum).toBe(400_000_000n);
  });

  test('tells how many tokens a smaller amount pays for', () => {
    const bound = boundOf(size({ maxTokens: null, choices: 2 }), [priced(RATES)], NOW);
    expect(bound.tokensWithin(200_000_000n + 2n * 4_000_000n * 33n + 1n)).toBe(33);
    expect(bound.tokensWithin(bound.amount)).toBe(4096);
  });

  test('is never less than what a call within its size costs', () => {
    const rate = fc.double({ min: 0, max: 1e-3, noNaN: true });
    const anyRates = fc.record({
      input: rate,
      output: rate,
      cacheRead: rate,
      cacheWrite: rate,
      request: rate,
    });
    const inputTokens = (): number => 1000;
    const shares = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000), fc.nat(50));
    fc.assert(
      fc.property(anyRates, shares, (rates, [prompt, read, write, completion]) => {
        const usage = readUsage({
          prompt_tokens: prompt,
          completion_tokens: completion,
          prompt_tokens_details: { cached_tokens: read, cache_write_tokens: write },
        }) as Usage;
        const deployment = priced(rates);
        const tariff = deployment.price?.(NOW);
        if (tariff === undefined) throw new Error('the deployment has no price');
        const { amount } = boundOf(size({ inputTokens }), [deployment], NOW);
        expect(amount).toBeGreaterThanOrEqual(costOf(usage, ratesFor(tariff, usage.prompt)));
      }),
    );
  });
});

test('a deployment without a price is refused by name, with the setting that prices it', () => {
  expect(() => requirePrices([priced(RATES)])).not.toThrow();
  expect(() => requirePrices([priced(RATES), priced(null)])).toThrow(
    /No price is known for openai\/model, .* input_cost_per_token/,
  );
});

test('free is what has a price of nothing, not what has none', () => {
  const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, request: 0 };
  expect(isFree([priced(nothing)], NOW)).toBe(true);
  expect(isFree([priced(nothing), priced(RATES)], NOW)).toBe(false);
  expect(isFree([priced(null)], NOW)).toBe(false);
});
