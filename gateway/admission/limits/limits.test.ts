import { expect, test } from 'vitest';
import { GatewayError } from '../../http/errors.ts';
import type { Admission } from './admission.ts';
import { type Limit, newLimit } from './limit-store.ts';
import { Limits } from './limits.ts';
import { MemoryStore } from './memory-store.ts';

const MINUTE = 60_000;
const WALL = Date.UTC(2026, 10, 27, 12, 0, 0, 250);

function limitsAt() {
  const clock = { now: 5000, wall: WALL };
  const door = new Limits({ store: new MemoryStore(() => clock.now), now: () => clock.wall });
  // What is kept in memory is there at once.
  const admit = (limits: readonly Limit[], tokens: { tokens: number }) =>
    door.admit(limits, tokens) as Admission;
  return { clock, limits: { admit } };
}

const rpm = (limit: number): Limit => newLimit('api_key', 'abc', 'requests', limit);
const tpm = (limit: number): Limit => newLimit('api_key', 'abc', 'tokens', limit);
const parallel = (limit: number): Limit => newLimit('api_key', 'abc', 'max_parallel_requests', limit);
const modelTpm = newLimit('model_per_key', 'abc:gpt', 'tokens', 90);

function refusal(work: () => unknown): GatewayError {
  try {
    work();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function told(admission: Admission): Record<string, string> {
  const headers = new Map<string, string>();
  admission.tell(headers);
  return Object.fromEntries(headers);
}

test('an admitted call is told every limit and what is left', () => {
  const { limits } = limitsAt();
  expect(told(limits.admit([rpm(5), tpm(100), parallel(2), modelTpm], { tokens: 30 }))).toEqual({
    'x-ratelimit-api_key-limit-requests': '5',
    'x-ratelimit-api_key-remaining-requests': '4',
    'x-ratelimit-limit-requests': '5',
    'x-ratelimit-remaining-requests': '4',
    'x-ratelimit-api_key-limit-tokens': '100',
    'x-ratelimit-api_key-remaining-tokens': '70',
    'x-ratelimit-limit-tokens': '100',
    'x-ratelimit-remaining-tokens': '70',
    'x-ratelimit-model_per_key-limit-tokens': '90',
    'x-ratelimit-model_per_key-remaining-tokens': '60',
  });
});

test('a refusal has LiteLLM’s words, and the true time rounded up', () => {
  const { limits, clock } = limitsAt();
  limits.admit([rpm(1)], { tokens: 1 });
  clock.now += 17_600;
  clock.wall += 17_600;
  const error = refusal(() => limits.admit([rpm(1)], { tokens: 1 }));
  expect(error.envelope()).toEqual({
    error: {
      message:
        'Rate limit exceeded for api_key: abc. Limit type: requests. Current limit: 1, Remaining: 0. Limit resets at: 2026-11-27 12:01:01 UTC',
      type: 'throttling_error',
      param: null,
      code: '429',
    },
  });
  expect(error.headers).toEqual({
    'retry-after': '43',
    rate_limit_type: 'requests',
    reset_at: '2026-11-27 12:01:01 UTC',
  });
  clock.now += 43_000;
  expect(() => limits.admit([rpm(1)], { tokens: 1 })).not.toThrow();
});

test('a clock on the wall that jumps neither resets nor freezes a limit', () => {
  const { limits, clock } = limitsAt();
  limits.admit([rpm(1)], { tokens: 1 });
  clock.wall += 30 * MINUTE;
  expect(refusal(() => limits.admit([rpm(1)], { tokens: 1 })).headers['retry-after']).toBe('60');
  clock.wall -= 120 * MINUTE;
  clock.now += MINUTE;
  expect(() => limits.admit([rpm(1)], { tokens: 1 })).not.toThrow();
});

test('what never fits is answered with the window, what waits for others with a second', () => {
  const { limits } = limitsAt();
  const tooLarge = refusal(() => limits.admit([tpm(10)], { tokens: 11 }));
  expect(tooLarge.headers).toMatchObject({ 'retry-after': '60', rate_limit_type: 'tokens' });
  expect(tooLarge.message).toContain('Current limit: 10, Remaining: 10.');
  limits.admit([parallel(1)], { tokens: 1 });
  expect(refusal(() => limits.admit([parallel(1)], { tokens: 1 })).headers).toMatchObject({
    'retry-after': '1',
    rate_limit_type: 'max_parallel_requests',
  });
});

test('a slot is freed once, however often a call is said to be over', () => {
  const { limits } = limitsAt();
  const first = limits.admit([parallel(2)], { tokens: 1 });
  limits.admit([parallel(2)], { tokens: 1 });
  first.finish(3);
  first.finish(0);
  first.cancel();
  limits.admit([parallel(2)], { tokens: 1 });
  expect(() => limits.admit([parallel(2)], { tokens: 1 })).toThrow('max_parallel_requests');
});

test.each([
  ['what it used', 25, 75],
  ['more than was reserved', 90, 10],
  ['nothing, when no provider was reached', 0, 100],
  ['the reservation, when nobody knows', null, 60],
] as const)('a finished call counts %s', (_what, used, left) => {
  const { limits } = limitsAt();
  limits.admit([tpm(100)], { tokens: 40 }).finish(used);
  const next = limits.admit([tpm(100)], { tokens: 1 });
  expect(told(next)['x-ratelimit-api_key-remaining-tokens']).toBe(String(left - 1));
});

test('a call that was never made counts nowhere', () => {
  const { limits } = limitsAt();
  const all = [rpm(1), tpm(100), parallel(1)];
  limits.admit(all, { tokens: 100 }).cancel();
  const next = limits.admit(all, { tokens: 100 });
  expect(told(next)['x-ratelimit-api_key-remaining-requests']).toBe('0');
});
