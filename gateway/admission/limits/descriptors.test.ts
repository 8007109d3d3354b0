import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Identity } from '../../identity/identity.ts';
import { readKeyLimits } from '../../identity/key-limits.ts';
import { readOwnerLimits } from '../../identity/owner-limits.ts';
import type { OwnerLimitColumns } from '../../store/owner-limits.ts';
import { Descriptors } from './descriptors.ts';
import { type Limit, limitsOf } from './limit-store.ts';

const none = { rpm_limit: null, tpm_limit: null, max_parallel_requests: null };
const noneOfModels = { ...none, model_rpm_limit: null, model_tpm_limit: null };
const noOwners: OwnerLimitColumns = {
  user_limits: noneOfModels,
  team_limits: noneOfModels,
  member_limits: none,
  organization_limits: noneOfModels,
};
const owned = { userId: 'ada', teamId: 'red', organizationId: 'acme' };

function caller(
  columns: Partial<Parameters<typeof readKeyLimits>[0]>,
  owners: Partial<OwnerLimitColumns> = {},
): Identity {
  return {
    keyHash: 'hash',
    limits: readKeyLimits({ ...noneOfModels, ...columns }),
    ownerLimits: readOwnerLimits(owned, { ...noOwners, ...owners }),
  } as unknown as Identity;
}

const names = ['nickname', 'gpt'];
const limitsOn = (
  identity: Identity,
  models: readonly string[] = names,
  globalParallel: number | null = null,
  named: readonly Limit[] = [],
) => new Descriptors(globalParallel).of({ identity, models, named });
const told = (limits: readonly Limit[]) =>
  limits.map(({ scope, value, type, limit }) => [scope, value, type, limit].join(' '));

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
  expect(told(limitsOn(identity, names, 50))).toEqual([
    'api_key hash requests 5',
    'api_key hash tokens 0',
    'api_key hash max_parallel_requests 2',
    'model_per_key hash:nickname requests 1',
    'model_per_key hash:gpt requests 3',
    'model_per_key hash:gpt tokens 100',
    'global proxy max_parallel_requests 50',
  ]);
});

test('everybody for whom a key acts, in LiteLLM’s order', () => {
  const identity = caller(
    { rpm_limit: 1, model_rpm_limit: { gpt: 6 } },
    {
      user_limits: { ...noneOfModels, rpm_limit: 2, model_rpm_limit: { nickname: 10 } },
      team_limits: { ...noneOfModels, tpm_limit: 3, model_tpm_limit: { gpt: 7 } },
      member_limits: { ...none, max_parallel_requests: 4 },
      organization_limits: { ...noneOfModels, rpm_limit: 8, model_tpm_limit: { gpt: 11, other: 1 } },
    },
  );
  const endUser = limitsOf('end_user', 'guest', { requests: 5 });
  expect(told(limitsOn(identity, names, 9, endUser))).toEqual([
    'api_key hash requests 1',
    'user ada requests 2',
    'team red tokens 3',
    'team_member red:ada max_parallel_requests 4',
    'end_user guest requests 5',
    'model_per_key hash:gpt requests 6',
    'model_per_user ada:nickname requests 10',
    'model_per_team red:gpt tokens 7',
    'model_per_organization acme:gpt tokens 11',
    'organization acme requests 8',
    'global proxy max_parallel_requests 9',
  ]);
});

test('the customer of a call is limited also where its caller is not', () => {
  expect(told(limitsOn(caller({}), names, null, limitsOf('end_user', 'guest', { tokens: 5 })))).toEqual([
    'end_user guest tokens 5',
  ]);
});

test('who is nobody’s has nobody’s limits', () => {
  const limited = { ...noneOfModels, rpm_limit: 1, model_rpm_limit: { gpt: 1 } };
  const columns = {
    ...noOwners,
    user_limits: limited,
    team_limits: limited,
    member_limits: limited,
    organization_limits: limited,
  };
  expect(readOwnerLimits({ userId: null, teamId: null, organizationId: null }, columns)).toEqual([]);
  const withoutTeam = readOwnerLimits({ userId: 'ada', teamId: null, organizationId: null }, columns);
  expect(withoutTeam.map(({ scope }) => scope)).toEqual(['user']);
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

test.each(['unlimited', '', ' ', false, [], {}])(
  '%j in the metadata of a user or an organisation limits nothing there',
  (odd) => {
    const limits = {
      ...noneOfModels,
      model_rpm_limit: { gpt: odd },
      model_tpm_limit: { gpt: odd, nickname: 5 },
    };
    const identity = caller({}, { user_limits: limits, organization_limits: limits });
    expect(limitsOn(identity).map(({ type, limit }) => [type, limit])).toEqual([
      ['tokens', 5],
      ['tokens', 5],
    ]);
    expect(limitsOn(caller({}, { team_limits: limits }), ['gpt']).map(({ limit }) => limit)).toEqual([0, 0]);
  },
);

test('what was found for the calls before makes no difference to a call', () => {
  const callers = [caller({}), caller({ rpm_limit: 5, model_rpm_limit: { gpt: 3, swift: 4 } })];
  const others = [
    ...limitsOf('end_user', 'guest', { requests: 5 }),
    ...limitsOf('tag', 'x', { requests: 6, tokens: 7 }),
  ];
  const call = fc.record({
    identity: fc.constantFrom(...callers),
    models: fc.subarray(['gpt', 'swift', 'other']),
    named: fc.subarray(others),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 20 }), (calls) => {
      const used = new Descriptors(3);
      for (const each of calls) expect(used.of(each)).toEqual(new Descriptors(3).of(each));
    }),
  );
});
