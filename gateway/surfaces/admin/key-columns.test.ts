import { expect, test } from 'vitest';
import type { VirtualKeyRow } from '../../store/virtual-keys.ts';
import { columnsOf } from './key-columns.ts';

const NOW = Date.UTC(2026, 10, 27);
const row = { metadata: { topic: 'demo', model_rpm_limit: { gpt: 3 } } } as unknown as VirtualKeyRow;

const change = (body: object) => columnsOf(body, row, NOW);

test.each([
  ['nothing', {}, {}],
  ['a limit', { rpm_limit: 5 }, { rpm_limit: 5 }],
  [
    'a limit taken away',
    { tpm_limit: null, max_parallel_requests: null },
    { tpm_limit: null, max_parallel_requests: null },
  ],
  ['a duration', { duration: '1d' }, { expires: new Date(NOW + 86_400_000) }],
  ['an end taken away', { duration: null }, { expires: null }],
  ['an end taken away in LiteLLM’s words', { duration: '-1' }, { expires: null }],
  ['models taken away', { models: null }, { models: [] }],
  ['an empty alias', { key_alias: '' }, { key_alias: null }],
  ['a block', { blocked: true }, { blocked: true }],
  ['new metadata', { metadata: { a: 1 } }, { metadata: { a: 1 } }],
  ['no metadata', { metadata: null }, { metadata: {} }],
  [
    'a model’s limit, which leaves the other metadata',
    { model_tpm_limit: { gpt: 100 } },
    { metadata: { topic: 'demo', model_rpm_limit: { gpt: 3 }, model_tpm_limit: { gpt: 100 } } },
  ],
  ['a model’s limit taken away', { model_rpm_limit: null }, { metadata: { topic: 'demo' } }],
])('%s changes no more than that', (_what, body, columns) => {
  expect(change(body)).toEqual(columns);
});
