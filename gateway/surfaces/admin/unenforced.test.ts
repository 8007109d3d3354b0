import { expect, test } from 'vitest';
import { GatewayError } from '../../http/errors.ts';
import { refuseUnenforced } from './unenforced.ts';

function refusedField(request: Record<string, unknown>): string | null {
  try {
    refuseUnenforced(request);
    return null;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'not_enforced') return error.param;
    throw error;
  }
}

test.each<[string, unknown]>([
  ['budget_limits', [{ max_budget: 1, budget_duration: '1d' }]],
  ['model_max_budget', { m: { budget_limit: 1 } }],
  ['rpm_limit_type', 'guaranteed_throughput'],
  ['permissions', { get_spend_routes: true }],
  ['guardrails', ['pii']],
  ['aliases', { a: 'b' }],
  ['project_id', 'p'],
  ['auto_rotate', true],
  ['object_permission', { models: ['m'] }],
])('%s: %j is refused by name', (field, value) => {
  expect(refusedField({ [field]: value })).toBe(field);
});

test.each(['rpm_limit_type', 'guardrails', 'allowed_tools', 'temp_budget_increase'])(
  'metadata.%s is refused by name',
  (member) => {
    expect(refusedField({ metadata: { [member]: { m: 1 } } })).toBe(`metadata.${member}`);
  },
);

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

test('free metadata, the default key type and what is enforced pass', () => {
  const request = {
    metadata: { team: 'red', cost_center: 7 },
    key_type: 'default',
    models: ['m'],
    duration: '1d',
    rpm_limit: 0,
    tpm_limit: 1000,
    max_parallel_requests: 3,
    model_rpm_limit: { m: 1 },
  };
  expect(refusedField(request)).toBeNull();
});
