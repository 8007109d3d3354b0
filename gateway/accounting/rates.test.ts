import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PriceSheet, readSheet, tariffOf, type WrittenPrices } from './price-sheet.ts';
import { boundOf, costOf, ratesFor, type Tariff } from './rates.ts';
import { inputKinds, outputKinds, tokenKinds } from './token-kinds.ts';
import { readUsage, type Usage } from './usage.ts';

/** A price as it may be listed: from a ten-millionth of a dollar per million tokens to hundreds; often none. */
const usd = fc.oneof(
  fc.constant('0'),
  fc.integer({ min: 1, max: 10 ** 9 }).map((digits) => (digits / 10 ** 7).toFixed(7)),
);
const fields = Object.fromEntries([...tokenKinds, 'request'].map((field) => [field, usd]));
const plain = fc.record(fields, { requiredKeys: [] });
const written: fc.Arbitrary<WrittenPrices> = fc
  .record({
    base: fc.record(fields, { requiredKeys: ['input', 'output'] }),
    above: fc.dictionary(fc.integer({ min: 1, max: 2000 }).map(String), plain, { maxKeys: 3 }),
  })
  .map(({ base, above }) => ({ ...base, above }));
const tariffs: fc.Arbitrary<Tariff> = written.map((prices) => {
  const sheet: PriceSheet = readSheet(prices, 'million');
  return tariffOf(sheet) as Tariff;
});

/** A usage object as providers send them, with counts that may contradict each other. */
const tokens = fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 500_000_000 }));
const details = (names: readonly string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, tokens])), { requiredKeys: [] });
const usages: fc.Arbitrary<Usage> = fc
  .record(
    {
      prompt_tokens: tokens,
      completion_tokens: tokens,
      total_tokens: tokens,
      prompt_cache_hit_tokens: tokens,
      cache_creation: details(['ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens']),
      prompt_tokens_details: details(['cached_tokens', 'cache_write_tokens', 'audio_tokens', 'image_tokens']),
      completion_tokens_details: details(['reasoning_tokens', 'audio_tokens', 'image_tokens']),
    },
    { requiredKeys: ['prompt_tokens'] },
  )
  .map((raw) => readUsage(raw) as Usage);

test('the kinds of tokens are the whole, and none is negative', () => {
  fc.assert(
    fc.property(usages, (usage) => {
      const total = (kinds: readonly (keyof Usage)[]) =>
        kinds.reduce((sum, kind) => sum + (usage[kind] as number), 0);
      expect(total(inputKinds)).toBe(usage.prompt);
      expect(total(outputKinds)).toBe(usage.completion);
      expect(Math.min(...tokenKinds.map((kind) => usage[kind]))).toBeGreaterThanOrEqual(0);
    }),
  );
});

describe('the bound of a call', () => {
  const slack = fc.oneof(fc.constant(0), fc.nat({ max: 5000 }));

  test('is never below what it costs, whatever kinds its tokens are of', () => {
    fc.assert(
      fc.property(usages, tariffs, slack, slack, (usage, tariff, moreInput, moreOutput) => {
        const cost = costOf(usage, ratesFor(tariff, usage.prompt));
        const bound = boundOf(
          { inputTokens: usage.prompt + moreInput, outputTokens: usage.completion + moreOutput },
          tariff,
        );
        expect(bound).toBeGreaterThanOrEqual(cost);
      }),
      { numRuns: 1000 },
    );
  });

  test('grows with both of its lengths', () => {
    fc.assert(
      fc.property(
        tokens,
        tokens,
        tariffs,
        slack,
        slack,
        (inputTokens, outputTokens, tariff, more, moreOut) => {
          const bound = boundOf({ inputTokens, outputTokens }, tariff);
          const longer = { inputTokens: inputTokens + more, outputTokens: outputTokens + moreOut };
          expect(boundOf(longer, tariff)).toBeGreaterThanOrEqual(bound);
        },
      ),
    );
  });

  test('is reached by a call whose tokens are all of the dearest kinds', () => {
    const prices = {
      input: '1',
      cacheRead: '0.1',
      audioInput: '7',
      output: '2',
      imageOutput: '9',
      request: '0.5',
    };
    const tariff = tariffOf(readSheet(prices, 'million')) as Tariff;
    const usage = readUsage({
      prompt_tokens: 10,
      completion_tokens: 20,
      prompt_tokens_details: { audio_tokens: 10 },
      completion_tokens_details: { image_tokens: 20 },
    }) as Usage;
    const bound = boundOf({ inputTokens: 10, outputTokens: 20 }, tariff);
    expect(bound).toBe(500_250_000_000n);
    expect(costOf(usage, ratesFor(tariff, 10))).toBe(bound);
  });

  test('takes the dearest tier that the prompt may reach, also where a longer prompt is cheaper', () => {
    const prices = { input: '3', output: '1', above: { '100': { input: '1' } } };
    const tariff = tariffOf(readSheet(prices, 'million')) as Tariff;
    expect(boundOf({ inputTokens: 101, outputTokens: 0 }, tariff)).toBe(303_000_000n);
  });
});

test('a price that is finer than a pico-dollar is exact in sums', () => {
  const count = fc.nat({ max: 500_000_000 });
  fc.assert(
    fc.property(count, count, (prompt, completion) => {
      const tariff = tariffOf(readSheet({ input: '0.0000003', output: '0.00000007' }, 'million')) as Tariff;
      const usage = readUsage({ prompt_tokens: prompt, completion_tokens: completion }) as Usage;
      const hundredths = 30n * BigInt(prompt) + 7n * BigInt(completion);
      const cost = costOf(usage, ratesFor(tariff, prompt));
      expect(cost * 100n - hundredths).toBeGreaterThanOrEqual(0n);
      expect(cost * 100n - hundredths).toBeLessThan(100n);
    }),
  );
});
