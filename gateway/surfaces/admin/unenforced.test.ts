import { expect, test } from 'vitest';
import { GatewayError } from '../../http/errors.ts';
import { refuseFields, refuseModelLimits, refuseUnenforced } from './unenforced.ts';
import {
  unenforcedOrganizationFields,
  unenforcedTeamFields,
  unenforcedUserFields,
} from './unenforced-owners.ts';

function refusedField(request: Record<string, unknown>): string | null {
  return refusedBy(() => refuseUnenforced(request));
}

function refusedBy(refuse: () => void): string | null {
  try {
    refuse();
    return null;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'not_enforced') return error.param;
    throw error;
  }
}

test.each<[string, unknown]>([
  ['budget_fallbacks', { m: ['n'] }],
  ['rpm_limit_type', 'guaranteed_throughput'],
  ['guardrails', ['pii']],
  ['project_id', 'p'],
  ['auto_rotate', true],
  ['object_permission', { models: ['m'] }],
])('%s: %j is refused by name', (field, value) => {
  expect(refusedField({ [field]: value })).toBe(field);
});

test.each(['rpm_limit_type', 'guardrails', 'allowed_tools'])('metadata.%s is refused by name', (member) => {
  expect(refusedField({ metadata: { [member]: { m: 1 } } })).toBe(`metadata.${member}`);
});

test.each([undefined, null, '', false, [], {}])('a field that is %j asks for nothing', (value) => {
  expect(
    refusedField({
      budget_limits: value,
      guardrails: value,
      key_type: value,
      metadata: { guardrails: value },
    }),
  ).toBeNull();
});

test('a permission that nothing asks for is refused by name', () => {
  expect(refusedField({ permissions: { pii: true } })).toBe('permissions.pii');
  expect(refusedField({ permissions: { get_spend_routes: true, pii: false } })).toBeNull();
});

test('free metadata, the default key type and what is enforced pass', () => {
  const request = {
    metadata: { team: 'red', cost_center: 7, tags: ['red'] },
    key_type: 'default',
    models: ['m'],
    duration: '1d',
    rpm_limit: 0,
    tpm_limit: 1000,
    max_parallel_requests: 3,
    model_rpm_limit: { m: 1 },
    tags: ['team-red'],
    budget_limits: [{ max_budget: 1, budget_duration: '1d' }],
    model_max_budget: { m: { budget_limit: 1, rpm_limit: 5 } },
    temp_budget_increase: 5,
  };
  expect(refusedField(request)).toBeNull();
});

test.each([
  ['team', unenforcedTeamFields],
  ['user', unenforcedUserFields],
])('what increases the budget of a key alone is refused of a %s', (whom, fields) => {
  const request = { metadata: { temp_budget_increase: 5 } };
  expect(refusedBy(() => refuseFields(request, fields, whom))).toBe('metadata.temp_budget_increase');
});

test.each([
  ['organisation', unenforcedOrganizationFields],
  ['user', unenforcedUserFields],
])('tags are not given to calls by their %s', (whom, fields) => {
  expect(refusedBy(() => refuseFields({ tags: ['red'] }, fields, whom))).toBe('tags');
  expect(refusedBy(() => refuseFields({ metadata: { tags: ['red'] } }, fields, whom))).toBe('metadata.tags');
});

test('limits in the budgets of models are refused where they are not a key’s', () => {
  const budgets = { a: { max_budget: 1, rpm_limit: null }, b: { tpm_limit: 7 } };
  expect(refusedBy(() => refuseModelLimits(budgets, 'user'))).toBe('model_max_budget.b.tpm_limit');
  expect(refusedBy(() => refuseModelLimits({ a: { max_budget: 1 } }, 'user'))).toBeNull();
  expect(refusedBy(() => refuseModelLimits(undefined, 'user'))).toBeNull();
});
