import { expect, test } from 'vitest';
import type { Identity } from '../../identity/identity.ts';
import { readKeyLimits } from '../../identity/key-limits.ts';
import { Descriptors } from './descriptors.ts';

function caller(columns: Partial<Parameters<typeof readKeyLimits>[0]>): Identity {
  const none = { rpm_limit: null, tpm_limit: null, max_parallel_requests: null };
  const limits = readKeyLimits({ ...none, model_rpm_limit: null, model_tpm_limit: null, ...columns });
  return { keyHash: 'hash', limits } as Identity;
}

const names = ['nickname', 'gpt'];
const limitsOn = (
  identity: Identity,
  models: readonly string[] = names,
  globalParallel: number | null = null,
) => new Descriptors(globalParallel).of(identity, models);

test('a caller without limits has none', () => {
  expect(limitsOn(caller({}))).toEqual([]);
});

test('key, models of the key and the whole gateway, in this order', () => {
  const identity = caller({
    rpm_limit: 5,
    tpm_limit: 0,
    max_parallel_requests: 2,
    model_rpm_limit: { gpt: 3, nickname: 1, other: 9 },
    model_tpm_limit: { gpt: 100 },
  });
  const told = limitsOn(identity, names, 50).map(({ scope, value, type, limit }) =>
    [scope, value, type, limit].join(' '),
  );
  expect(told).toEqual([
    'api_key hash requests 5',
    'api_key hash tokens 0',
    'api_key hash max_parallel_requests 2',
    'model_per_key hash:nickname requests 1',
    'model_per_key hash:gpt requests 3',
    'model_per_key hash:gpt tokens 100',
    'global proxy max_parallel_requests 50',
  ]);
});

test('a name that is asked for as it is counts once', () => {
  const identity = caller({ model_rpm_limit: { gpt: 3 } });
  expect(limitsOn(identity, ['gpt', 'gpt'])).toHaveLength(1);
});

test('names that every object has are no limits', () => {
  const identity = caller({ model_rpm_limit: { gpt: 3 } });
  expect(limitsOn(identity, ['constructor', '__proto__'])).toEqual([]);
});

test('a limit in the database that is no number allows nothing, and null is none', () => {
  const identity = caller({
    model_rpm_limit: { gpt: 'many', nickname: null },
    model_tpm_limit: { gpt: '70' },
  });
  expect(limitsOn(identity).map(({ type, limit }) => [type, limit])).toEqual([
    ['requests', 0],
    ['tokens', 70],
  ]);
});
