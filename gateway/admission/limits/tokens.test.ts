import { expect, test } from 'vitest';
import type { Call } from '../../call.ts';
import { reservedTokens, settledTokens } from './tokens.ts';

test.each([
  ['an empty body', { bytes: 0, maxTokens: null, choices: 1 }, 1],
  ['four bytes a token', { bytes: 400, maxTokens: null, choices: 1 }, 100],
  ['a part of a token', { bytes: 403, maxTokens: null, choices: 1 }, 100],
  ['a limit of the answer', { bytes: 400, maxTokens: 50, choices: 1 }, 150],
  ['that of each of its answers', { bytes: 400, maxTokens: 50, choices: 3 }, 250],
])('%s is reserved', (_what, size, tokens) => {
  expect(reservedTokens({ ...size, inputTokens: () => 0, countedTokens: async () => 0 }, 'total')).toBe(
    tokens,
  );
});

const failure = { code: '', class: '', message: '' };
const usageOf = (total: number, completion: number) => ({ total, completion }) as Call['usage'];

test.each<[string, Partial<Call>, number | null]>([
  ['its usage', { usage: { total: 33 } as Call['usage'], failure: null, status: 200 }, 33],
  ['the usage of a stream that was cut', { usage: { total: 7 } as Call['usage'], failure, status: 499 }, 7],
  ['nothing, when the provider failed', { usage: null, failure, status: 500 }, 0],
  ['anything, when the client left', { usage: null, failure, status: 499 }, null],
  [
    'anything, when the client left and only its prompt is known',
    { usage: usageOf(8, 0), estimated: true, failure, status: 499 },
    null,
  ],
  [
    'what was produced until the client left',
    { usage: usageOf(20, 12), estimated: true, failure, status: 499 },
    20,
  ],
  ['anything, when the provider was too slow', { usage: null, failure, status: 408 }, null],
])('a call used %s', (_what, call, tokens) => {
  expect(settledTokens(call as Call, 'total')).toBe(tokens);
});

test.each([
  ['total', 150, 33],
  ['input', 100, 21],
  ['output', 50, 12],
] as const)('%s tokens are what counts where the operator says so', (counted, reserved, settled) => {
  const size = { bytes: 400, maxTokens: 50, choices: 1, inputTokens: () => 0, countedTokens: async () => 0 };
  const usage = { total: 33, prompt: 21, completion: 12 } as Call['usage'];
  expect(reservedTokens(size, counted)).toBe(reserved);
  expect(settledTokens({ usage, failure: null, status: 200 } as Call, counted)).toBe(settled);
});
