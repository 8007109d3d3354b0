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
