import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costOf, priceList } from './prices.ts';
import { readUsage, type Usage } from './usage.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;

function rates(provider: string | undefined, model: string, overrides = {}, promptTokens = 10) {
  return priceList({ provider, model, overrides }, NOON)?.(NOON, promptTokens);
}

const usage = (raw: object): Usage => {
  const read = readUsage(raw);
  if (read === null) throw new Error('no usage');
  return read;
};

describe('the price of a model', () => {
  test('comes from the price data, per token', () => {
    expect(rates('openai', 'gpt-4o-mini')).toEqual({
      input: 0.15e-6,
      output: 0.6e-6,
      cacheRead: 0.075e-6,
      cacheWrite: 0.15e-6,
      request: 0,
    });
  });

  test('is what the operator says where he says so', () => {
    expect(rates('openai', 'gpt-4o-mini', { output: 5e-6 })).toMatchObject({ input: 0.15e-6, output: 5e-6 });
    expect(rates(undefined, 'own', { input: 1e-6, output: 2e-6 })).toEqual({
      input: 1e-6,
      output: 2e-6,
      cacheRead: 1e-6,
      cacheWrite: 1e-6,
      request: 0,
    });
  });

  test('rises for a long prompt where the provider says so', () => {
    expect(rates('openai', 'gpt-5.5', {}, 271_999)?.input).toBe(5e-6);
    expect(rates('openai', 'gpt-5.5', {}, 272_000)?.input).toBe(10e-6);
  });

  test('follows the time of day where the provider says so', () => {
    const list = priceList({ provider: 'deepseek', model: 'deepseek-v4-pro', overrides: {} }, NOON);
    const overTheDay = new Set(Array.from({ length: 24 }, (_, hour) => list?.(NOON + hour * HOUR, 10).input));
    expect(overTheDay.size).toBe(2);
  });

  test('includes a fee per request', () => {
    expect(rates('perplexity', 'sonar')?.request).toBe(0.012);
  });

  test('is unknown for a model that nobody lists', () => {
    expect(rates('openai', 'no-such-model-anywhere')).toBeUndefined();
    expect(rates(undefined, 'gpt-4o')).toBeUndefined();
  });
});

describe('the cost of an answer', () => {
  const prices = { input: 3, output: 5, cacheRead: 1, cacheWrite: 4, request: 0 };

  test.each([
    ['plain', { prompt_tokens: 10, completion_tokens: 2 }, 40],
    ['cached', { prompt_tokens: 10, completion_tokens: 0, prompt_tokens_details: { cached_tokens: 4 } }, 22],
    [
      'cached as DeepSeek says it',
      { prompt_tokens: 10, completion_tokens: 0, prompt_cache_hit_tokens: 10 },
      10,
    ],
    [
      'written to a cache',
      { prompt_tokens: 10, completion_tokens: 0, prompt_tokens_details: { cache_write_tokens: 10 } },
      40,
    ],
    ['more cached than asked', { prompt_tokens: 1, completion_tokens: 0, prompt_cache_hit_tokens: 99 }, 1],
    [
      'reasoning counted beside the completion',
      {
        prompt_tokens: 1,
        completion_tokens: 2,
        total_tokens: 13,
        completion_tokens_details: { reasoning_tokens: 10 },
      },
      63,
    ],
    [
      'reasoning counted inside the completion',
      {
        prompt_tokens: 1,
        completion_tokens: 12,
        total_tokens: 13,
        completion_tokens_details: { reasoning_tokens: 10 },
      },
      63,
    ],
  ])('%s', (_what, raw, cost) => {
    expect(costOf(usage(raw), prices)).toBe(cost);
  });

  test('is never negative and never more than at the dearest rate', () => {
    const count = fc.nat({ max: 1_000_000 });
    fc.assert(
      fc.property(count, count, count, count, (prompt, completion, cached, written) => {
        const read = usage({
          prompt_tokens: prompt,
          completion_tokens: completion,
          prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
        });
        const cost = costOf(read, prices);
        expect(cost).toBeGreaterThanOrEqual(prompt + 5 * completion);
        expect(cost).toBeLessThanOrEqual(4 * prompt + 5 * completion);
      }),
    );
  });
});

test.each([
  [null],
  ['x'],
  [[]],
  [{}],
  [{ prompt_tokens: '5' }],
  [{ prompt_tokens: -1 }],
  [{ total_tokens: 5 }],
])('what counts no tokens is no usage: %j', (raw) => {
  expect(readUsage(raw)).toBeNull();
});
