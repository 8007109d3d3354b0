import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Config, Finding } from './config.ts';
import { readConfig } from './read-config.ts';

const ENVIRONMENT = {
  LITELLM_MASTER_KEY: 'sk-master',
  LITELLM_SALT_KEY: 'salt',
  DATABASE_URL: 'postgresql://user@localhost/db',
  OPENAI_API_KEY: 'sk-openai',
};
const PLACES = {
  providersEnv: '/etc/providers.env',
  serviceEnv: '/etc/service.env',
  spendState: '/var/lib/spend',
};
const ENTRY = { model_name: 'gpt', litellm_params: { model: 'openai/gpt-4o' } };

function read(file: object | string, environment: Record<string, string> = ENVIRONMENT) {
  const text = typeof file === 'string' ? file : stringify({ model_list: [ENTRY], ...file });
  return readConfig({ text, environment, places: PLACES });
}

function accepted(file: object | string, environment?: Record<string, string>): Config {
  const { config, faults } = read(file, environment);
  expect(faults).toEqual([]);
  return config as Config;
}

const lines = (findings: readonly Finding[]) => findings.map(({ path, message }) => `${path}: ${message}`);
const entry = (params: object, more: object = {}) => ({
  model_list: [{ ...ENTRY, litellm_params: { model: 'openai/gpt-4o', ...params }, ...more }],
});

describe('an accepted configuration', () => {
  test.each([
    [
      { max_budget: 100, budget_duration: '30d' },
      { maxBudget: 100, duration: '30d' },
    ],
    [{ max_budget: 0.5 }, { maxBudget: 0.5, duration: null }],
    [{ max_budget: 0, budget_duration: '1d' }, null],
  ])('with %j gives the whole gateway the budget %j', (litellm_settings, budget) => {
    expect(accepted({ litellm_settings }).globalBudget).toEqual(budget);
  });

  test.each([
    [{ max_end_user_budget: 0.25 }, { budgetId: null, maxBudget: 0.25 }],
    [{ max_end_user_budget_id: 'free-tier' }, { budgetId: 'free-tier', maxBudget: null }],
    [
      { max_end_user_budget_id: 'free-tier', max_end_user_budget: 0 },
      { budgetId: 'free-tier', maxBudget: 0 },
    ],
  ])('with %j gives customers by default %j', (litellm_settings, fallback) => {
    expect(accepted({ litellm_settings }).endUserDefault).toEqual(fallback);
  });

  test('has its references resolved and its units converted', () => {
    const config = accepted({
      general_settings: { master_key: 'os.environ/OTHER', proxy_batch_write_at: '2.5' },
      litellm_settings: { request_timeout: 20 },
      router_settings: { stream_timeout: 5 },
      ...entry({
        api_key: 'os.environ/OPENAI_API_KEY',
        api_base: 'http://10.0.0.1:8000/v1/',
        top_p: 0.5,
        rpm: 10,
      }),
      environment_variables: { OTHER: 'sk-from-file' },
    });
    expect(config).toMatchObject({ masterKey: 'sk-from-file', spendFlushMs: 2500 });
    expect(config).toMatchObject({ budgetEnforcement: 'compatible', timezone: 'UTC' });
    expect(config).toMatchObject({ globalBudget: null, endUserDefault: null });
    expect(config.onClientDisconnect).toBe('drain');
    expect(config.deployments[0]).toMatchObject({
      provider: 'openai',
      upstreamModel: 'gpt-4o',
      apiBase: 'http://10.0.0.1:8000/v1',
      apiKey: 'sk-openai',
      missingVariable: null,
      defaults: { top_p: 0.5 },
      timeoutMs: 20_000,
      streamTimeoutMs: 5000,
    });
  });

  test.each([
    [{}, null],
    [{ global_max_parallel_requests: null }, null],
    [{ global_max_parallel_requests: 0 }, 0],
    [{ global_max_parallel_requests: '40' }, 40],
  ])('%j limits calls at the same time to %s', (general_settings, globalParallel) => {
    expect(accepted({ general_settings }).globalParallel).toBe(globalParallel);
  });

  test('what a new team has', () => {
    const default_team_params = {
      max_budget: 5,
      budget_duration: '30d',
      team_member_permissions: ['/key/list'],
    };
    const { teamDefaults } = accepted({ litellm_settings: { default_team_params } });
    expect(teamDefaults).toEqual(default_team_params);
    const wrong = { team_member_permissions: ['/team/new'], budget_duration: 'often' };
    const { faults } = read({ litellm_settings: { default_team_params: wrong } });
    expect(faults.map(({ path }) => path).sort()).toEqual([
      'litellm_settings.default_team_params.budget_duration',
      'litellm_settings.default_team_params.team_member_permissions',
    ]);
  });

  test('what every call must say', () => {
    expect(accepted({})).toMatchObject({ userHeaders: [], userRequired: false, requiredParams: [] });
    expect(accepted({ general_settings: { user_header_name: 'X-Person' } }).userHeaders).toEqual([
      'x-person',
    ]);
    const general_settings = { enforce_user_param: true, enforced_params: ['metadata.cost_center'] };
    expect(accepted({ general_settings })).toMatchObject({
      userRequired: true,
      requiredParams: ['metadata.cost_center'],
    });
  });

  describe('headers that name customers', () => {
    const mapped = (...user_header_mappings: unknown[]) => ({ general_settings: { user_header_mappings } });

    test('are asked in the order of the mappings, and the single one last', () => {
      const { general_settings } = mapped(
        { header_name: 'X-OpenWebUI-User-Id', litellm_user_role: 'customer' },
        { header_name: 'x-account', litellm_user_role: 'CUSTOMER' },
      );
      const settings = { ...general_settings, user_header_name: 'X-Account' };
      expect(accepted({ general_settings: settings }).userHeaders).toEqual([
        'x-openwebui-user-id',
        'x-account',
      ]);
    });

    test.each<[string, unknown, string]>([
      [
        'one that names whose money is spent',
        { header_name: 'x-u', litellm_user_role: 'internal_user' },
        'key of its own',
      ],
      ['a role that nobody knows', { header_name: 'x-u', litellm_user_role: 'admin' }, 'must be customer'],
      ['one without a name', { litellm_user_role: 'customer' }, 'is missing'],
      [
        'one that carries keys',
        { header_name: 'Authorization', litellm_user_role: 'customer' },
        'carries secrets',
      ],
      [
        'a member that nobody knows',
        { header: 'x', header_name: 'x-u', litellm_user_role: 'customer' },
        'nobody knows',
      ],
      ['what is no map', 'x-u', 'must be a map'],
    ])('%s is refused', (_what, mapping, message) => {
      const { faults } = read(mapped(mapping));
      expect(faults).toEqual([
        {
          path: expect.stringContaining('user_header_mappings[0]'),
          message: expect.stringContaining(message),
        },
      ]);
    });

    test('the single one may not be one that carries keys either', () => {
      expect(read({ general_settings: { user_header_name: 'X-Api-Key' } }).faults).toMatchObject([
        { path: 'general_settings.user_header_name' },
      ]);
    });
  });

  test('what a new user has', () => {
    const alone = { max_internal_user_budget: 10, internal_user_budget_duration: '30d' };
    expect(accepted({ litellm_settings: alone }).userDefaults).toEqual({
      max_budget: 10,
      budget_duration: '30d',
    });
    const default_internal_user_params = {
      user_role: 'internal_user_viewer',
      max_budget: '0',
      models: ['m'],
    };
    const both = accepted({ litellm_settings: { ...alone, default_internal_user_params } });
    expect(both.userDefaults).toEqual({
      ...default_internal_user_params,
      max_budget: 0,
      budget_duration: '30d',
    });
    const wrong = { user_role: 'proxy_admin', available_teams: 'red', budget_duration: 'often' };
    const { faults } = read({ litellm_settings: { default_internal_user_params: wrong } });
    expect(faults.map(({ path }) => path.split('.').at(-1)).sort()).toEqual([
      'available_teams',
      'budget_duration',
      'user_role',
    ]);
  });

  test('what a new user may spend has two names, of which the one without default goes before', () => {
    const fallback = { default_max_internal_user_budget: 5 };
    expect(accepted({ litellm_settings: fallback }).userDefaults).toEqual({ max_budget: 5 });
    const both = { ...fallback, max_internal_user_budget: 0 };
    expect(accepted({ litellm_settings: both }).userDefaults).toEqual({ max_budget: 0 });
    expect(read({ litellm_settings: { default_max_internal_user_budget: 'much' } }).faults).toMatchObject([
      { path: 'litellm_settings.default_max_internal_user_budget' },
    ]);
  });

  describe('the teams of new users', () => {
    const withTeams = (teams: unknown) => ({ litellm_settings: { default_internal_user_params: { teams } } });

    test('are ids, or say more of the membership', () => {
      const blue = { team_id: 'blue', user_role: 'admin', max_budget_in_team: 2.5 };
      expect(accepted(withTeams(['red', blue])).userDefaults.teams).toEqual([{ team_id: 'red' }, blue]);
    });

    test.each([
      ['no list', 'red', ''],
      ['no team', [null], '[0].team_id'],
      ['a map without a team', [{ user_role: 'user' }], '[0].team_id'],
      ['a list', ['red', ['blue']], '[1].team_id'],
      ['an unknown role', [{ team_id: 'red', user_role: 'proxy_admin' }], '[0].user_role'],
      ['less than nothing', [{ team_id: 'red', max_budget_in_team: -1 }], '[0].max_budget_in_team'],
      ['a field that no membership has', [{ team_id: 'red', budget: 1 }], '[0].budget'],
      ['a team that is named twice', ['red', { team_id: 'red' }], ''],
    ])('%s is a fault that says where', (_, teams, at) => {
      expect(read(withTeams(teams)).faults).toMatchObject([
        { path: `litellm_settings.default_internal_user_params.teams${at}` },
      ]);
    });
  });

  test('teams that users may join by themselves are named once each', () => {
    const naming = (...available_teams: readonly string[]) => ({
      litellm_settings: { default_internal_user_params: { available_teams } },
    });
    expect(accepted(naming('red', 'blue')).userDefaults).toEqual({ available_teams: ['red', 'blue'] });
    expect(read(naming('red', 'blue', 'red')).faults).toMatchObject([
      { path: 'litellm_settings.default_internal_user_params.available_teams' },
    ]);
  });

  test('keeps nothing of what is said in calls, unless it says so', () => {
    expect(accepted({})).toMatchObject({
      logKeys: true,
      content: {
        storePrompts: false,
        textLength: 1000,
        redactMessages: false,
        keepProviderWords: false,
        ignoreNoLog: false,
      },
    });
    const wanted = {
      general_settings: { store_prompts_in_spend_logs: 'True' },
      litellm_settings: {
        turn_off_message_logging: true,
        redact_messages_in_exceptions: false,
        redact_user_api_key_info: true,
        global_disable_no_log_param: true,
      },
    };
    expect(accepted(wanted, { ...ENVIRONMENT, MAX_STRING_LENGTH_PROMPT_IN_DB: '2048' })).toMatchObject({
      logKeys: false,
      content: {
        storePrompts: true,
        textLength: 2048,
        redactMessages: true,
        keepProviderWords: true,
        ignoreNoLog: true,
      },
    });
  });

  test.each([
    ['True', {}, true],
    ['false', {}, false],
    ['True', { store_prompts_in_spend_logs: false }, false],
    ['False', { store_prompts_in_spend_logs: true }, true],
  ])(
    'the environment (%s) says whether prompts are stored where the file (%j) does not',
    (said, general, stored) => {
      const environment = { ...ENVIRONMENT, STORE_PROMPTS_IN_SPEND_LOGS: said };
      expect(accepted({ general_settings: general }, environment).content.storePrompts).toBe(stored);
    },
  );

  test.each([
    ['STORE_PROMPTS_IN_SPEND_LOGS', 'perhaps'],
    ['MAX_STRING_LENGTH_PROMPT_IN_DB', '0'],
    ['MAX_STRING_LENGTH_PROMPT_IN_DB', '1e9'],
  ])('needs to be able to read %s: %s', (name, said) => {
    expect(read({}, { ...ENVIRONMENT, [name]: said }).faults).toMatchObject([{ path: name }]);
  });

  const enforced = { optional_pre_call_checks: ['enforce_model_rate_limits'] };
  const none = { requests: null, tokens: null, parallel: null };
  test.each([
    ['no limits', entry({}), none],
    ['calls at the same time', entry({ max_parallel_requests: 3 }), { ...none, parallel: 3 }],
    ['the same for all', { general_settings: { max_parallel_requests: 4 } }, { ...none, parallel: 4 }],
    [
      'by its other name',
      { router_settings: { default_max_parallel_requests: 5 } },
      { ...none, parallel: 5 },
    ],
    [
      'its own before that of all',
      { ...entry({ max_parallel_requests: 3 }), general_settings: { max_parallel_requests: 4 } },
      { ...none, parallel: 3 },
    ],
    ['weights that limit nothing', entry({ rpm: 10, tpm: 100 }), none],
    [
      'weights that are enforced',
      { ...entry({ rpm: 10, tpm: 100 }), router_settings: enforced },
      { ...none, requests: 10, tokens: 100 },
    ],
    [
      'weights beside its parameters',
      { ...entry({}, { rpm: 10 }), router_settings: enforced },
      { ...none, requests: 10 },
    ],
  ])('limits a deployment by %s', (_what, written, limits) => {
    expect(accepted(written).deployments[0]?.limits).toEqual(limits);
  });

  test.each([
    [{}, 'total'],
    [{ token_rate_limit_type: 'output' }, 'output'],
  ])('of %j counts tokens: %s', (general_settings, counted) => {
    expect(accepted({ general_settings }).limitedTokens).toBe(counted);
  });

  test.each([
    [{ max_output_tokens: 100, max_tokens: 200 }, 100],
    [{ max_tokens: 200 }, 200],
    [{}, null],
  ])('has the output limit of %j', (info, limit) => {
    expect(accepted(entry({}, { model_info: info })).deployments[0]?.maxOutputTokens).toBe(limit);
  });

  test.each([
    ['', []],
    ['60', []],
    [
      '3600',
      [{ path: 'LITELLM_RATE_LIMIT_WINDOW_SIZE', message: expect.stringContaining('any 60 seconds') }],
    ],
  ])('has windows of 60 s, and takes no other: %j', (LITELLM_RATE_LIMIT_WINDOW_SIZE, faults) => {
    expect(read({}, { ...ENVIRONMENT, LITELLM_RATE_LIMIT_WINDOW_SIZE }).faults).toEqual(faults);
  });

  test('keeps the spend journal where the environment says, else where the machine does', () => {
    expect(accepted({}).spendDirectory).toBe('/var/lib/spend');
    expect(accepted({}, { ...ENVIRONMENT, LITELLM_SPEND_DIR: '/srv/spend' }).spendDirectory).toBe(
      '/srv/spend',
    );
  });

  test('is frozen to its depth', () => {
    const config = accepted(entry({ temperature: 1 }));
    expect(Object.isFrozen(config.deployments[0]?.defaults)).toBe(true);
  });

  test('has an inactive entry for every variable that is not set', () => {
    const named = accepted(entry({ api_key: 'os.environ/MY_KEY' }));
    expect(named.deployments[0]?.missingVariable).toBe('MY_KEY');
    const implied = accepted(entry({ model: 'groq/llama' }));
    expect(implied.deployments[0]?.missingVariable).toBe('GROQ_API_KEY');
    const empty = accepted(entry({}), { ...ENVIRONMENT, OPENAI_API_KEY: '' });
    expect(empty.deployments[0]?.missingVariable).toBe('OPENAI_API_KEY');
  });

  test('serves a server of the operator’s own without a key', () => {
    const config = accepted(entry({ model: 'hosted_vllm/qwen', api_base: 'http://vllm:8000/v1' }));
    expect(config.deployments[0]).toMatchObject({ apiKey: null, missingVariable: null });
  });

  test('takes a bare OpenAI name for OpenAI’s', () => {
    expect(accepted(entry({ model: 'gpt-4o' })).deployments[0]?.provider).toBe('openai');
  });

  test('knows YAML as LiteLLM reads it: yes, merge keys, anchors', () => {
    const config = accepted(`
shared: &shared {api_key: sk-1, temperature: 0.1}
general_settings: {allow_unknown_settings: yes}
model_list:
  - model_name: a
    litellm_params: {<<: *shared, model: openai/gpt-4o}
`);
    expect(config.deployments[0]).toMatchObject({ apiKey: 'sk-1', defaults: { temperature: 0.1 } });
  });

  test('keeps the ids of its entries when a key changes, and tells equal entries apart', () => {
    const ids = (key: string) =>
      accepted({ model_list: [1, 2].map(() => entry({ api_key: key }).model_list[0]) }).deployments.map(
        ({ id }) => id,
      );
    expect(ids('sk-1')).toEqual(ids('sk-2'));
    expect(new Set(ids('sk-1')).size).toBe(2);
  });
});

describe('every fault names its place and its remedy', () => {
  test.each<[string, object | string, string]>([
    [
      'a typing error',
      { general_settings: { master_kye: 'x' } },
      "general_settings.master_kye: nobody knows this setting; did you mean 'master_key'?",
    ],
    [
      'an unknown top-level key',
      { modle_list: [] },
      "modle_list: nobody knows this setting; did you mean 'model_list'?",
    ],
    [
      'a name that guides made up',
      { general_settings: { log_retention_days: 30 } },
      'general_settings.log_retention_days: LiteLLM has no such setting; write general_settings.maximum_spend_logs_retention_period',
    ],
    [
      'a rule for budgets that nobody knows',
      { general_settings: { budget_enforcement: 'lax' } },
      'general_settings.budget_enforcement: must be strict or compatible, not a string',
    ],
    [
      'a wish for clients that leave that nobody knows',
      { general_settings: { on_client_disconnect: 'wait' } },
      'general_settings.on_client_disconnect: must be drain or cancel, not a string',
    ],
    [
      'a time zone that is none',
      { litellm_settings: { timezone: 'Mars/Olympus' } },
      "litellm_settings.timezone: 'Mars/Olympus' is no time zone; write one as Europe/Berlin or UTC",
    ],
    [
      'a budget for a time that is none',
      { litellm_settings: { max_budget: 10, budget_duration: 'often' } },
      "litellm_settings.budget_duration: 'often' is no duration; write one as 30d or 1mo",
    ],
    [
      'a linked budget for customers that is none',
      { litellm_settings: { max_end_user_budget_id: ['b'] } },
      'litellm_settings.max_end_user_budget_id: must be a text, not a list',
    ],
    [
      'JWT',
      { general_settings: { enable_jwt_auth: true } },
      'general_settings.enable_jwt_auth: is not served yet, and you would rely on it',
    ],
    [
      'what service accounts must say',
      { general_settings: { service_account_settings: { enforced_params: ['user'] } } },
      'general_settings.service_account_settings: is not served yet, and you would rely on it',
    ],
    [
      'a guardrail',
      { guardrails: [{ guardrail_name: 'x' }] },
      'guardrails: is not served yet, and you would rely on it',
    ],
    [
      'a callback that guards',
      { litellm_settings: { callbacks: ['presidio'] } },
      "litellm_settings.callbacks: 'presidio' is not served yet",
    ],
    [
      'a limit of a deployment that admits nobody',
      entry({ max_parallel_requests: 0 }),
      'model_list.0.litellm_params.max_parallel_requests: must be a number from 1',
    ],
    [
      'a check before calls that is not made',
      { router_settings: { optional_pre_call_checks: ['enforce_model_rate_limits', 'prompt_caching'] } },
      "router_settings.optional_pre_call_checks: 'prompt_caching' is not served yet, and you would rely on it",
    ],
    [
      'a team of a model that is no name',
      entry({}, { model_info: { team_id: ['red'] } }),
      'model_list.0.model_info.team_id: must be a text',
    ],
    [
      'a wrong type',
      { general_settings: { always_include_stream_usage: 'maybe' } },
      'general_settings.always_include_stream_usage: must be true or false, not a string',
    ],
    [
      'a number out of range',
      { general_settings: { proxy_batch_write_at: -1 } },
      'general_settings.proxy_batch_write_at: must be a number from 0.01',
    ],
    ['a list in place of a map', { router_settings: [] }, 'router_settings: must be a map, not a list'],
    ['no models', { model_list: [] }, 'model_list: is missing or empty'],
    [
      'an entry without params',
      { model_list: [{ model_name: 'x' }] },
      'model_list.0.litellm_params: is missing',
    ],
    [
      'params without a model',
      { model_list: [{ model_name: 'x', litellm_params: {} }] },
      'model_list.0.litellm_params.model: is missing',
    ],
    [
      'an entry without a name',
      { model_list: [{ litellm_params: { model: 'openai/x' } }] },
      'model_list.0.model_name: is missing',
    ],
    [
      'an unserved wire format',
      entry({ model: 'anthropic/claude' }),
      "the wire format of 'anthropic' (anthropic) is not served yet; served are",
    ],
    [
      'a provider mistyped',
      entry({ model: 'opnai/gpt-4o' }),
      "'opnai' is no provider; did you mean 'openai'?",
    ],
    [
      'a model without provider',
      entry({ model: 'some-model' }),
      "'some-model' names no provider; write provider/some-model",
    ],
    [
      'an address that is none',
      entry({ api_base: 'ftp://x' }),
      'model_list.0.litellm_params.api_base: must be an http or https URL',
    ],
    [
      'a password in an address',
      entry({ api_base: 'http://u:p@x/v1' }),
      'model_list.0.litellm_params.api_base: must be an http or https URL',
    ],
    [
      'a server without an address',
      entry({ model: 'custom_openai/m' }),
      'api_base: is missing: custom_openai has no address of its own',
    ],
    [
      'a star that nothing fills',
      entry({ model: 'openai/*' }),
      "holds '*', which model_name 'gpt' does not fill",
    ],
    [
      'a header that the gateway sets',
      entry({ extra_headers: { Host: 'x' } }),
      "'Host' is set by the gateway",
    ],
    [
      'a header with a line break',
      entry({ extra_headers: { 'x-a': 'b\r\nc: d' } }),
      "'x-a' is no valid header",
    ],
    [
      'an id used twice',
      { model_list: [1, 2].map(() => ({ ...ENTRY, model_info: { id: 'same' } })) },
      "model_list.1.model_info.id: 'same' is the id of another entry too",
    ],
    [
      'an alias to nothing',
      { router_settings: { model_group_alias: { a: 7 } } },
      'router_settings.model_group_alias.a: must be a group name',
    ],
    ['a key that stands twice', 'model_list: []\nmodel_list: []\n', 'line 2: Map keys must be unique'],
    ['text that is no YAML', 'model_list: [', 'line 1:'],
    ['an empty file', '', 'the file: must hold a map'],
    ['included files', { include: 'more.yaml' }, 'include: is not served yet, and you would rely on it'],
  ])('%s', (_what, file, wanted) => {
    const { config, faults } = read(file);
    expect(config).toBeNull();
    expect(lines(faults).join('\n')).toContain(wanted);
  });

  test('missing secrets, all at once, and where they are set', () => {
    expect(lines(read({}, {}).faults)).toEqual([
      'LITELLM_MASTER_KEY: is not set; set it in /etc/service.env, or as general_settings.master_key',
      'LITELLM_SALT_KEY: is not set; set it in /etc/service.env',
      'DATABASE_URL: is not set; set it in /etc/service.env, or as general_settings.database_url',
    ]);
  });

  test('a master key whose reference leads nowhere', () => {
    const file = { general_settings: { master_key: 'os.environ/NOT_SET' } };
    expect(lines(read(file, { ...ENVIRONMENT, LITELLM_MASTER_KEY: '' }).faults)).toHaveLength(1);
  });
});

describe('what is only worth knowing', () => {
  test('is a warning: unserved settings, and unknown ones where the operator allows them', () => {
    const { config, warnings } = read({
      general_settings: {
        allow_unknown_settings: true,
        nonsense: 1,
        alerting_args: { budget_alert_threshold: 1, outage_alert_ttl: 60 },
      },
      litellm_settings: { num_retries: 2, callbacks: ['langfuse'] },
    });
    expect(config).not.toBeNull();
    expect(warnings.map(({ path }) => path).sort()).toEqual([
      'general_settings.alerting_args.budget_alert_threshold',
      'general_settings.alerting_args.outage_alert_ttl',
      'general_settings.nonsense',
      'litellm_settings.callbacks',
      'litellm_settings.num_retries',
    ]);
  });

  test('says nothing of settings that are switched off', () => {
    const { warnings } = read({
      general_settings: { enable_jwt_auth: false, key_management_settings: [], store_model_in_db: false },
      litellm_settings: { max_budget: 0, cache: false },
    });
    expect(warnings).toEqual([]);
  });
});

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.jsonValue().map((value) => stringify(value)),
      ),
      (text) => {
        const { config, faults } = read(text);
        expect(config === null).toBe(faults.length > 0);
      },
    ),
  );
});

test('no value of a secret stands in a fault', () => {
  const file = {
    general_settings: { master_key: ['sk-very-secret'], database_url: { a: 'postgres://secret' } },
  };
  expect(JSON.stringify(read(file).faults)).not.toContain('secret');
});

test('what guides write as values is refused or named too', () => {
  expect(lines(read({ general_settings: { ui_access_mode: 'sso' } }).faults)).toEqual([
    'general_settings.ui_access_mode: must be all or admin_only, not a string',
  ]);
  expect(lines(read({ litellm_settings: { success_callback: ['webhook'] } }).warnings)).toContainEqual(
    expect.stringContaining('generic_api'),
  );
});

test('that calls are served without the database is said at every start', () => {
  const { config, warnings } = read({ general_settings: { allow_requests_on_db_unavailable: true } });
  expect(config?.servesWithoutDatabase).toBe(true);
  expect(lines(warnings)).toEqual([expect.stringContaining('whoever sends any key may call every model')]);
  expect(accepted({}).servesWithoutDatabase).toBe(false);
});
