import { expect, test } from 'vitest';
import { readUsage } from './usage.ts';

const MOST = 500_000_000;

test.each([
  ['nothing', undefined],
  ['a text', 'usage'],
  ['a list', [1, 2]],
  ['no count', {}],
  ['counts below nothing', { prompt_tokens: -1, completion_tokens: -1 }],
  ['halves of tokens', { prompt_tokens: 0.5 }],
  ['more than any model reads', { prompt_tokens: MOST + 1, completion_tokens: 2 ** 53 }],
])('no usage is read from %s', (_what, raw) => {
  expect(readUsage(raw)).toBeNull();
});

test('zero is a count', () => {
  expect(readUsage({ prompt_tokens: 0, completion_tokens: 0 })).toMatchObject({
    prompt: 0,
    completion: 0,
    total: 0,
  });
});

test('whatever a provider counts fits the columns of a spend row', () => {
  const usage = readUsage({
    prompt_tokens: MOST,
    completion_tokens: MOST,
    total_tokens: 3 * MOST,
    completion_tokens_details: { reasoning_tokens: MOST },
  });
  expect(usage).toMatchObject({ prompt: MOST, completion: 2 * MOST, total: 3 * MOST });
  expect(usage?.total).toBeLessThan(2 ** 31);
});

test('kinds that sum to more than the whole are cut, in the order: read, written, sounds, pictures', () => {
  const details = { cached_tokens: 40, cache_write_tokens: 30, audio_tokens: 20, image_tokens: 90 };
  const creation = { ephemeral_1h_input_tokens: 10 };
  const raw = { prompt_tokens: 95, prompt_tokens_details: details, cache_creation: creation };
  expect(readUsage(raw)).toMatchObject({
    cacheRead: 40,
    cacheWrite1h: 10,
    cacheWrite: 20,
    audioInput: 20,
    imageInput: 5,
    input: 0,
  });
});

test('kinds of an answer are cut in the order: reasoning, sounds, pictures', () => {
  const details = { reasoning_tokens: 5, audio_tokens: 5, image_tokens: 5 };
  expect(readUsage({ completion_tokens: 12, completion_tokens_details: details })).toMatchObject({
    reasoning: 5,
    audioOutput: 5,
    imageOutput: 2,
    output: 0,
  });
});

test.each([
  ['OpenAI', { prompt_tokens_details: { cached_tokens: 4 } }],
  ['DeepSeek', { prompt_cache_hit_tokens: 4 }],
  ['Anthropic', { cache_read_input_tokens: 4 }],
  ['Moonshot', { cached_tokens: 4 }],
])('cached tokens are read under the name of %s', (_who, fields) => {
  expect(readUsage({ prompt_tokens: 10, ...fields })).toMatchObject({ cacheRead: 4, input: 6 });
});

test.each([
  ['a list', []],
  ['nothing', null],
  ['a text', 'many'],
])('details that are %s are none', (_what, details) => {
  const raw = { prompt_tokens: 3, prompt_tokens_details: details, cache_creation: details };
  expect(readUsage(raw)).toMatchObject({ prompt: 3, input: 3, cacheRead: 0, cacheWrite: 0 });
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
