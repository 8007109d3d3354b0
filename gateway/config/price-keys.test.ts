import { expect, test } from 'vitest';
import { Findings, Reader } from './findings.ts';
import { litellmParams, modelInfo } from './known-keys.ts';
import { priceKeys, readPrices } from './price-keys.ts';

function read(params: Record<string, unknown>, info: Record<string, unknown> = {}) {
  const findings = new Findings();
  const prices = readPrices(new Reader(params, 'params', findings), new Reader(info, 'info', findings));
  return { prices, faults: findings.faults.map(({ path }) => path) };
}

test('every price of a token or a call has its key', () => {
  const keys = {
    input_cost_per_token: 1e-6,
    cache_read_input_token_cost: 2e-6,
    cache_creation_input_token_cost: 3e-6,
    cache_creation_input_token_cost_above_1hr: 4e-6,
    input_cost_per_audio_token: 5e-6,
    input_cost_per_image_token: 6e-6,
    output_cost_per_token: 7e-6,
    output_cost_per_reasoning_token: 8e-6,
    output_cost_per_audio_token: 9e-6,
    output_cost_per_image_token: 10e-6,
    input_cost_per_request: 0.01,
  };
  expect(read(keys)).toEqual({
    prices: {
      input: 1e-6,
      cacheRead: 2e-6,
      cacheWrite: 3e-6,
      cacheWrite1h: 4e-6,
      audioInput: 5e-6,
      imageInput: 6e-6,
      output: 7e-6,
      reasoning: 8e-6,
      audioOutput: 9e-6,
      imageOutput: 10e-6,
      request: 0.01,
    },
    faults: [],
  });
});

test('prices of long prompts stand by their border', () => {
  const keys = {
    input_cost_per_token_above_128k_tokens: 1e-6,
    output_cost_per_token_above_128k_tokens: '2e-06',
    cache_read_input_token_cost_above_200k_tokens: 3e-6,
  };
  expect(read(keys).prices).toEqual({
    above: { 128000: { input: 1e-6, output: 2e-6 }, 200000: { cacheRead: 3e-6 } },
  });
});

test('model_info says what litellm_params does not', () => {
  const info = { input_cost_per_token: 5e-6, output_cost_per_token: 0 };
  expect(read({ input_cost_per_token: 1e-6 }, info).prices).toEqual({ input: 1e-6, output: 0 });
});

test.each([-1e-6, 2, 'cheap', [1]])('%j is no price', (price) => {
  expect(read({}, { output_cost_per_token: price }).faults).toEqual(['info.output_cost_per_token']);
});

test('no price is sent to the provider as a member of the body', () => {
  expect(priceKeys.length).toBeGreaterThan(30);
  for (const table of [litellmParams, modelInfo]) {
    expect(priceKeys.filter((key) => table.get(key) !== 'served')).toEqual([]);
  }
});
