import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Environment } from './config.ts';
import { readConfig } from './read-config.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const WEBHOOK = { WEBHOOK_URL: 'https://hooks.example.com/in?token=hush', WEBHOOK_SECRET: SECRET };

function read(general: object, environment: Environment = WEBHOOK, more: object = {}) {
  const file = {
    model_list: [{ model_name: 'gpt', litellm_params: { model: 'openai/gpt-4o' } }],
    general_settings: general,
    ...more,
  };
  const secrets = {
    LITELLM_MASTER_KEY: 'sk-master',
    LITELLM_SALT_KEY: 'salt',
    DATABASE_URL: 'postgresql://user@localhost/db',
  };
  const places = { providersEnv: '/etc/providers.env', serviceEnv: '/etc/service.env', spendState: '/spend' };
  const { config, faults, warnings } = readConfig({
    text: stringify(file),
    environment: { ...secrets, ...environment },
    places,
  });
  const lines = (found: readonly { path: string; message: string }[]) =>
    found.map(({ path, message }) => `${path}: ${message}`);
  return { alerting: config?.alerting, faults: lines(faults), warnings: lines(warnings) };
}

const webhook = { alerting: ['webhook'] };

describe('alerting by webhook', () => {
  test('goes where the environment says, signed, and is not repeated for a day', () => {
    expect(read(webhook)).toEqual({
      alerting: { url: WEBHOOK.WEBHOOK_URL, secret: SECRET, repeatMs: 86_400_000 },
      faults: [],
      warnings: [],
    });
  });

  test('takes its address from the file’s own variables too, and another time of repetition', () => {
    const variables = { environment_variables: { WEBHOOK_URL: 'os.environ/HOOK' } };
    const args = { ...webhook, alerting_args: { budget_alert_ttl: '60' } };
    const environment = { WEBHOOK_SECRET: SECRET, HOOK: 'http://127.0.0.1:9000/' };
    expect(read(args, environment, variables).alerting).toMatchObject({
      url: 'http://127.0.0.1:9000/',
      repeatMs: 60_000,
    });
  });

  test.each([
    [
      'nothing',
      {},
      [
        "WEBHOOK_URL: is not set, and general_settings.alerting names 'webhook'",
        'WEBHOOK_SECRET: is not set',
      ],
    ],
    [
      'no secret',
      { WEBHOOK_URL: WEBHOOK.WEBHOOK_URL },
      ['WEBHOOK_SECRET: is not set, and alerts are signed with it'],
    ],
    [
      'a secret of another form',
      { ...WEBHOOK, WEBHOOK_SECRET: 'hush' },
      ["WEBHOOK_SECRET: must be 'whsec_'"],
    ],
    ['what is no address', { ...WEBHOOK, WEBHOOK_URL: 'hush' }, ['WEBHOOK_URL: is no URL']],
    [
      'an address in the clear',
      { ...WEBHOOK, WEBHOOK_URL: 'http://hooks.example.com/hush' },
      ['WEBHOOK_URL: must begin with https://'],
    ],
    [
      'an address of another protocol',
      { ...WEBHOOK, WEBHOOK_URL: 'file:///hush' },
      ['WEBHOOK_URL: must begin with https://'],
    ],
    [
      'a password in it',
      { ...WEBHOOK, WEBHOOK_URL: 'https://ann:hush@hooks.example.com' },
      ['WEBHOOK_URL: must not hold a user'],
    ],
  ])('with %s is refused, and no value is quoted', (_what, environment, beginnings) => {
    const { alerting, faults } = read(webhook, environment);
    expect(alerting).toBeUndefined();
    expect(faults).toEqual(beginnings.map((beginning) => expect.stringContaining(beginning)));
    expect(faults.join()).not.toContain('hush');
  });

  test.each(['http://localhost:9000', 'http://127.8.7.6/in', 'http://[::1]:9000/'])(
    'may go to this machine in the clear: %s',
    (url) => {
      expect(read(webhook, { ...WEBHOOK, WEBHOOK_URL: url }).faults).toEqual([]);
    },
  );
});

test.each([{}, { alerting: null }, { alerting: [] }])(
  '%j alerts nobody, whatever the environment says',
  (general) => {
    expect(read(general, { WEBHOOK_URL: 'nonsense' })).toEqual({ alerting: null, faults: [], warnings: [] });
  },
);

test('other ways are named as not served, and what nobody knows is refused', () => {
  expect(read({ alerting: ['slack', 'email'] })).toEqual({
    alerting: null,
    faults: [],
    warnings: [
      "general_settings.alerting: 'slack' is not served yet: alerts are sent to 'webhook' alone",
      "general_settings.alerting: 'email' is not served yet: alerts are sent to 'webhook' alone",
    ],
  });
  expect(read({ alerting: ['webhok', 'pigeon'] }).faults).toEqual([
    "general_settings.alerting: nobody knows 'webhok'; did you mean 'webhook'?",
    "general_settings.alerting: nobody knows 'pigeon'; write some of webhook, slack, ms_teams, email, pagerduty",
  ]);
  expect(read({ alerting: 'webhook' }).faults).toEqual([
    'general_settings.alerting: must be a list of texts, not a string',
  ]);
});

test('arguments are looked at one by one', () => {
  const { faults, warnings } = read({
    alerting_args: { budget_alert_ttl: 0, daily_report_frequency: 60, budget_alert_threshold: 0.5 },
  });
  expect(faults).toEqual([
    expect.stringMatching(/^general_settings.alerting_args.budget_alert_threshold: .*85, 95 and 100 %/),
    expect.stringContaining('general_settings.alerting_args.budget_alert_ttl: must be a number from 1'),
  ]);
  expect(warnings).toEqual([
    'general_settings.alerting_args.daily_report_frequency: is not served yet and has no effect',
  ]);
});
