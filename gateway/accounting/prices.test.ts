import { describe, expect, test } from 'vitest';
import { type PricedModel, priceList } from './prices.ts';
import { ratesFor } from './rates.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;

function model(more: Partial<PricedModel>): PricedModel {
  return { provider: 'openai', model: 'gpt-4o-mini', dataProvider: 'openai', overrides: {}, ...more };
}

function rates(more: Partial<PricedModel>, promptTokens = 10) {
  const tariff = priceList(model(more), NOON)?.(NOON);
  return tariff && ratesFor(tariff, promptTokens);
}

describe('the price of a model', () => {
  test('comes from the price data, in pico-dollars per token', () => {
    expect(rates({})).toEqual({
      input: 150_000n,
      cacheRead: 75_000n,
      cacheWrite: 150_000n,
      cacheWrite1h: 150_000n,
      audioInput: 150_000n,
      imageInput: 150_000n,
      output: 600_000n,
      reasoning: 600_000n,
      audioOutput: 600_000n,
      imageOutput: 600_000n,
      request: 0n,
      perPico: 1n,
    });
  });

  test('has its kinds of tokens apart where the price data knows them', () => {
    expect(rates({ model: 'gpt-audio' })).toMatchObject({
      audioInput: 32_000_000n,
      audioOutput: 64_000_000n,
    });
    const claude = { provider: 'anthropic', model: 'claude-sonnet-4-5', dataProvider: 'anthropic' };
    expect(rates(claude)).toMatchObject({ cacheWrite: 3_750_000n, cacheWrite1h: 6_000_000n });
    const sonar = { provider: 'perplexity', model: 'sonar-deep-research', dataProvider: 'perplexity' };
    expect(rates(sonar)).toMatchObject({ output: 8_000_000n, reasoning: 3_000_000n });
    const banana = { provider: 'gemini', model: 'gemini-2.5-flash-image', dataProvider: 'google' };
    expect(rates(banana)).toMatchObject({ output: 2_500_000n, imageOutput: 30_000_000n });
  });

  test('is what the operator says where he says so', () => {
    expect(rates({ overrides: { output: 5e-6 } })).toMatchObject({ input: 150_000n, output: 5_000_000n });
    const own = { model: 'own', overrides: { input: 1e-6, output: 2e-6 } };
    expect(rates(own)).toMatchObject({ input: 1_000_000n, cacheRead: 1_000_000n, output: 2_000_000n });
  });

  test('comes from the overlay before the price data, as a whole', () => {
    const large = { provider: 'mistral', model: 'mistral-large-latest', dataProvider: 'mistral' };
    expect(rates(large)).toMatchObject({ input: 500_000n, cacheRead: 50_000n, output: 1_500_000n });
    expect(rates({ ...large, overrides: { input: 1e-6 } })).toMatchObject({
      input: 1_000_000n,
      output: 1_500_000n,
    });
  });

  test('comes from the overlay when the price data has no such provider', () => {
    expect(rates({ model: 'gpt-6.1-sol', dataProvider: undefined })?.input).toBe(2_000_000n);
  });

  test('rises for a long prompt where the provider says so', () => {
    expect(rates({ model: 'gpt-5.5' }, 271_999)?.input).toBe(5_000_000n);
    expect(rates({ model: 'gpt-5.5' }, 272_000)?.input).toBe(10_000_000n);
  });

  test('follows the time of day where the provider says so', () => {
    const list = priceList(
      model({ provider: 'deepseek', model: 'deepseek-v4-pro', dataProvider: 'deepseek' }),
      NOON,
    );
    const at = (hour: number) => list?.(NOON + hour * HOUR)[0].rates.input;
    const day = Array.from({ length: 24 }, (_, hour) => hour);
    expect(new Set(day.map(at)).size).toBe(2);
    // Also when calls of two slots take turns.
    expect(day.map((hour) => [at(hour), at(hour - 1)])).toEqual(day.map((hour) => [at(hour), at(hour - 1)]));
  });

  test('is looked up no more than once in a quarter of an hour', () => {
    const list = priceList(model({}), NOON);
    expect(list?.(NOON + HOUR / 4 - 1)).toBe(list?.(NOON));
    const later = list?.(NOON + HOUR / 4);
    expect(list?.(NOON + HOUR / 2 - 1)).toBe(later);
    expect(list?.(NOON)).not.toBe(later);
  });

  test('changes on the day that the provider says', () => {
    const list = priceList(
      model({ provider: 'gemini', model: 'gemini-3.8-flash', dataProvider: 'google' }),
      NOON,
    );
    expect(list?.(Date.UTC(2026, 11, 31, 23, 59))[0].rates.input).toBe(750_000n);
    expect(list?.(Date.UTC(2027, 0, 1))[0].rates.input).toBe(1_500_000n);
  });

  test('includes a fee per request', () => {
    const sonar = { provider: 'perplexity', model: 'sonar', dataProvider: 'perplexity' };
    expect(rates(sonar)?.request).toBe(12_000_000_000n);
  });

  test('is nothing for what is listed as free', () => {
    const free = { provider: 'openrouter', model: 'mistralai/mistral-nemo:free', dataProvider: 'openrouter' };
    expect(rates(free)).toMatchObject({ input: 0n, output: 0n });
  });

  test('is unknown for a model that nobody lists, or of which nobody lists the tokens', () => {
    expect(rates({ model: 'no-such-model-anywhere' })).toBeUndefined();
    expect(rates({ dataProvider: undefined })).toBeUndefined();
    const whisper = { provider: 'groq', model: 'whisper-large-v3', dataProvider: 'groq' };
    expect(rates(whisper)).toBeUndefined();
  });
});
