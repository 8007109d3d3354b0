import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from './read-config.ts';

const MODEL = { model_name: 'gpt', litellm_params: { model: 'openai/gpt-4o' } };

function read(litellm_settings: object, general_settings: object = {}, more: Record<string, string> = {}) {
  return readConfig({
    text: stringify({ model_list: [MODEL], litellm_settings, general_settings }),
    environment: {
      LITELLM_MASTER_KEY: 'sk-1',
      LITELLM_SALT_KEY: 's',
      DATABASE_URL: 'postgresql://user@localhost/db',
      MOST: '5',
      ...more,
    },
    places: { providersEnv: '', serviceEnv: '', spendState: '' },
  });
}

const faultsOf = (litellm_settings: object): readonly string[] =>
  read(litellm_settings).faults.map(({ path, message }) => `${path}: ${message}`);

describe('rules for keys', () => {
  test('are absent where the configuration says nothing', () => {
    expect(read({}).config?.keyRules).toEqual({
      defaults: {},
      ceilings: {},
      teamKeys: null,
      personalKeys: null,
      teamsOnly: false,
      gracePeriod: null,
      showsEnds: true,
      checksAliases: false,
    });
  });

  test('are read with their references', () => {
    const rules = read(
      {
        default_key_generate_params: { max_budget: '2.5', models: ['gpt'], metadata: { from: 'config' } },
        upperbound_key_generate_params: { max_budget: 'os.environ/MOST', duration: '30d', rpm_limit: 0 },
        key_generation_settings: {
          team_key_generation: { allowed_team_member_roles: ['admin'], required_params: ['key_alias'] },
          personal_key_generation: { allowed_user_roles: ['proxy_admin'] },
        },
      },
      { default_team_disabled: true },
    ).config?.keyRules;
    expect(rules).toEqual({
      defaults: { max_budget: 2.5, models: ['gpt'], metadata: { from: 'config' } },
      ceilings: { max_budget: 5, duration: '30d', rpm_limit: 0 },
      teamKeys: { userRoles: null, memberRoles: ['admin'], requiredParams: ['key_alias'] },
      personalKeys: { userRoles: ['proxy_admin'], memberRoles: null, requiredParams: [] },
      teamsOnly: true,
      gracePeriod: null,
      showsEnds: true,
      checksAliases: false,
    });
  });

  test('may give new keys budgets that do not end calls, of windows of time, and of single models', () => {
    const default_key_generate_params = {
      soft_budget: '5',
      budget_limits: [
        { budget_duration: 'daily', max_budget: 1 },
        { budget_duration: '30d', max_budget: 20 },
      ],
      model_max_budget: {
        'openai/gpt-4o': { max_budget: 5, budget_duration: '1d', rpm_limit: 3 },
        older: { budget_limit: '2.5', time_period: '7d' },
        bare: 1,
      },
    };
    expect(read({ default_key_generate_params }).config?.keyRules.defaults).toEqual({
      soft_budget: 5,
      budget_limits: [
        { budget_duration: '1d', max_budget: 1 },
        { budget_duration: '30d', max_budget: 20 },
      ],
      model_max_budget: {
        'openai/gpt-4o': { max_budget: 5, budget_duration: '1d', rpm_limit: 3 },
        older: { max_budget: 2.5, budget_duration: '7d' },
        bare: { max_budget: 1 },
      },
    });
  });

  const window = (...budget_limits: unknown[]) => ({ default_key_generate_params: { budget_limits } });
  const model = (m: unknown) => ({ default_key_generate_params: { model_max_budget: { m } } });
  test.each<[string, object, string]>([
    [
      'a window without an amount',
      window({ budget_duration: '1d' }),
      'budget_limits[0]: needs a budget_duration',
    ],
    ['a window that is none', window('1d'), 'budget_limits[0]: must be a map'],
    [
      'two windows of one length',
      window({ budget_duration: '1d', max_budget: 1 }, { budget_duration: 'daily', max_budget: 2 }),
      'budget_limits: has two windows of 1d',
    ],
    ['a model without an amount', model({ budget_duration: '1d' }), 'model_max_budget.m: needs a max_budget'],
    ['a model of which nothing is said', model({}), 'model_max_budget.m: needs a max_budget'],
    ['a model’s budget as a text', model('much'), 'model_max_budget.m: must be a map'],
    [
      'a model’s budget twice',
      model({ max_budget: 1, budget_limit: 1 }),
      'm: has max_budget and budget_limit',
    ],
    ['no time at all', model({ max_budget: 1, budget_duration: '0d' }), "'0d' is no duration of a budget"],
    [
      'a misspelt member',
      model({ max_budget: 1, rpm_limits: 1 }),
      "m.rpm_limits: nobody knows this setting; did you mean 'rpm_limit'?",
    ],
    [
      'a negative amount',
      { default_key_generate_params: { soft_budget: -1 } },
      'soft_budget: must be a number',
    ],
  ])('refuse %s', (_title, settings, fault) => {
    expect(faultsOf(settings)).toEqual([expect.stringContaining(fault)]);
  });

  test('take the grace period of rotations from the environment', () => {
    const withGrace = (LITELLM_KEY_ROTATION_GRACE_PERIOD: string) =>
      read({}, {}, { LITELLM_KEY_ROTATION_GRACE_PERIOD });
    expect(withGrace('24h').config?.keyRules.gracePeriod).toBe('24h');
    expect(withGrace('').config?.keyRules.gracePeriod).toBeNull();
    expect(withGrace('long').faults).toEqual([
      {
        path: 'LITELLM_KEY_ROTATION_GRACE_PERIOD',
        message: expect.stringContaining("'long' is no duration"),
      },
    ]);
  });

  test('may give new keys tags, say how aliases look, and leave the ends of keys out', () => {
    const rules = read(
      { default_key_generate_params: { tags: ['prod'] }, enable_key_alias_format_validation: true },
      {},
      { DISABLE_KEY_NAME: 'True' },
    ).config?.keyRules;
    expect(rules).toMatchObject({ defaults: { tags: ['prod'] }, checksAliases: true, showsEnds: false });
    expect(read({}, {}, { DISABLE_KEY_NAME: 'perhaps' }).faults).toEqual([
      { path: 'DISABLE_KEY_NAME', message: 'must be true or false' },
    ]);
  });

  test.each([
    [
      'a tag without a name',
      { default_key_generate_params: { tags: [''] } },
      'params.tags: must be at most 32',
    ],
    [
      'a default over its ceiling',
      {
        default_key_generate_params: { duration: '1mo' },
        upperbound_key_generate_params: { duration: '27d' },
      },
      'default_key_generate_params.duration: is over upperbound_key_generate_params.duration',
    ],
    [
      'a ceiling whose variable is not set',
      { upperbound_key_generate_params: { max_budget: 'os.environ/NOT_SET' } },
      'upperbound_key_generate_params.max_budget: has no value',
    ],
    [
      'a ceiling that nobody knows',
      { upperbound_key_generate_params: { max_bugdet: 5 } },
      "upperbound_key_generate_params.max_bugdet: nobody knows this setting; did you mean 'max_budget'?",
    ],
    [
      'a default that is not served',
      { default_key_generate_params: { guardrails: ['pii'] } },
      'default_key_generate_params.guardrails: is not served yet',
    ],
    ['half a call', { default_key_generate_params: { rpm_limit: 1.5 } }, 'rpm_limit: must be a whole number'],
    [
      'a duration that is none',
      { default_key_generate_params: { duration: 'soon' } },
      "'soon' is no duration",
    ],
    [
      'a role that nobody has',
      { key_generation_settings: { personal_key_generation: { allowed_user_roles: ['admin'] } } },
      "personal_key_generation.allowed_user_roles: 'admin' is no role",
    ],
    [
      'a misspelt rule',
      { key_generation_settings: { team_key_generation: { allowed_roles: ['admin'] } } },
      'team_key_generation.allowed_roles: nobody knows this setting',
    ],
  ])('refuse %s', (_title, settings, fault) => {
    expect(faultsOf(settings)).toEqual([expect.stringContaining(fault)]);
  });
});
