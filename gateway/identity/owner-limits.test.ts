import { expect, test } from 'vitest';
import { readLinkedKeyLimits } from './owner-limits.ts';

const none = { rpm_limit: null, tpm_limit: null, max_parallel_requests: null };
const read = (more: object) =>
  readLinkedKeyLimits({
    ...none,
    model_rpm_limit: null,
    model_tpm_limit: null,
    linked_limits: none,
    model_limits: {},
    ...more,
  });

test('the row that a key is linked to fills the limits that it lacks', () => {
  const linked_limits = { rpm_limit: 5, tpm_limit: 50, max_parallel_requests: 2 };
  expect(read({ linked_limits })).toMatchObject({ requests: 5, tokens: 50, parallel: 2 });
  expect(read({ linked_limits, rpm_limit: 0, tpm_limit: 9 })).toMatchObject({
    requests: 0,
    tokens: 9,
    parallel: 2,
  });
});

test('limits on models stand in metadata, else beside the budgets of models', () => {
  const model_limits = { gpt: { max_budget: 1, rpm_limit: 3 }, other: { tpm_limit: 7 }, odd: null };
  expect([...read({ model_limits }).models]).toEqual([
    ['gpt', { requests: 3, tokens: null }],
    ['other', { requests: null, tokens: 7 }],
    ['odd', { requests: null, tokens: null }],
  ]);
  const { models } = read({ model_limits, model_rpm_limit: { gpt: 4 } });
  expect(models.get('gpt')).toEqual({ requests: 4, tokens: null });
});

test.each([null, 'many', [], 5])('%j names no models', (model_limits) => {
  expect(read({ model_limits }).models.size).toBe(0);
});
