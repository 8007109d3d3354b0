import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type ConfigSource, readConfig } from './read-config.ts';
import { countsStored, readWithStored, sortSettings } from './read-stored.ts';
import { type StoredSection, storedSections } from './stored-keys.ts';
import { type StoredSettings, withStored } from './stored-settings.ts';

const ENVIRONMENT = {
  LITELLM_MASTER_KEY: 'sk-master',
  LITELLM_SALT_KEY: 'salt',
  DATABASE_URL: 'postgresql://user@localhost/db',
};
const PLACES = { providersEnv: 'providers.env', serviceEnv: 'service.env', spendState: 'spend' };
const MODEL = {
  model_name: 'gpt',
  litellm_params: { model: 'openai/gpt-4o', api_key: 'os.environ/OPENAI_API_KEY' },
};

function source(file: object = {}, environment: Record<string, string> = {}): ConfigSource {
  return {
    text: stringify({ model_list: [MODEL], general_settings: { store_model_in_db: true }, ...file }),
    environment: { ...ENVIRONMENT, ...environment },
    places: PLACES,
  };
}

function read(stored: StoredSettings, from = source()) {
  return readWithStored(from, readConfig(from), stored);
}

const alone = (from = source()) => readConfig(from).config;

describe('what the database holds', () => {
  test('wins over the file, setting by setting', () => {
    const from = source({ router_settings: { timeout: 10, stream_timeout: 20 } });
    const { config } = read(
      { router_settings: { timeout: 7 }, litellm_settings: { timezone: 'Europe/Berlin' } },
      from,
    );
    expect(config?.storedModels.rules.timeouts).toEqual({ timeoutMs: 7000, streamTimeoutMs: 20_000 });
    expect(config?.timezone).toBe('Europe/Berlin');
  });

  test('replaces a map as a whole', () => {
    const from = source({ router_settings: { model_group_alias: { a: 'gpt', b: 'gpt' } } });
    const { config } = read({ router_settings: { model_group_alias: { c: 'gpt' } } }, from);
    expect(Object.keys(config?.aliases ?? {})).toEqual(['c']);
  });

  test('gives keys of providers, whatever file and machine say', () => {
    const stored = { environment_variables: { OPENAI_API_KEY: 'of-the-database' } };
    const froms = [source(), source({ environment_variables: { OPENAI_API_KEY: 'of-the-file' } })];
    const machine = { OPENAI_API_KEY: 'of-the-machine' };
    for (const from of [
      ...froms,
      ...froms.map((each) => ({ ...each, environment: { ...each.environment, ...machine } })),
    ]) {
      expect(read(stored, from).config?.deployments[0]?.apiKey).toBe('of-the-database');
    }
  });

  test('counts only where the file says so', () => {
    const counts = (general_settings: object, environment = {}) => {
      const config = alone(source({ general_settings }, environment));
      return config === null ? null : countsStored(config);
    };
    expect(counts({ store_model_in_db: true })).toBe(true);
    expect(counts({}, { STORE_MODEL_IN_DB: 'True' })).toBe(true);
    expect(counts({})).toBe(false);
    expect(counts({ store_model_in_db: true, ignore_stored_settings: true })).toBe(false);
  });
});

describe('what may not count is left out, and named', () => {
  test.each<[string, StoredSection, object, string]>([
    ['a setting that protects', 'general_settings', { allowed_ips: [] }, 'is set in config.yaml alone'],
    [
      'one that turns the database on',
      'general_settings',
      { store_model_in_db: true },
      'is set in config.yaml alone',
    ],
    ['one that is not served', 'litellm_settings', { success_callback: ['langfuse'] }, 'is not served yet'],
    ['one that nobody knows', 'router_settings', { tiemout: 3 }, "did you mean 'timeout'?"],
    [
      'a variable of the machine',
      'environment_variables',
      { LITELLM_SALT_KEY: 'x' },
      'is a variable of this machine',
    ],
    [
      'what refers to the environment',
      'litellm_settings',
      { default_key_generate_params: { metadata: { x: 'os.environ/LITELLM_SALT_KEY' } } },
      'refers to the environment',
    ],
    [
      'a variable that does',
      'environment_variables',
      { OPENAI_API_KEY: 'os.environ/LITELLM_SALT_KEY' },
      'refers to the environment',
    ],
  ])('%s', (_title, section, members, why) => {
    const { config, warnings } = read({ [section]: members });
    expect(config).toEqual(alone());
    expect(warnings).toEqual([
      { path: `${section}.${Object.keys(members)[0]}`, message: expect.stringContaining(why) },
    ]);
    expect(warnings[0]?.message).toContain('"LiteLLM_Config"');
  });

  test('what is null says nothing', () => {
    const { config, warnings } = read({ router_settings: { timeout: null } });
    expect([config, warnings]).toEqual([alone(), []]);
  });
});

test('a value that is wrong is a fault that names its place and the way out', () => {
  const { config, faults } = read({ router_settings: { timeout: 'soon' } });
  expect(config).toBeNull();
  expect(faults).toEqual([
    {
      path: '"LiteLLM_Config" router_settings.timeout',
      message: expect.stringContaining('must be a number'),
    },
  ]);
  expect(faults[0]?.message).toContain('general_settings.ignore_stored_settings: true');
  expect(faults[0]?.message).toContain('POST /config/field/delete');
});

test('a map in the file that is none stays the fault that it is', () => {
  expect(withStored({ router_settings: [] }, { router_settings: { timeout: 1 } })).toEqual({
    router_settings: [],
  });
});

const name = fc.stringMatching(/^[a-z]{1,4}$/);
const members = fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true, maxKeys: 4 });
const parts = fc.record(
  {
    general_settings: members,
    litellm_settings: members,
    router_settings: members,
    environment_variables: members,
  },
  { requiredKeys: [], noNullPrototype: true },
);

test('what is stored and taken out again leaves the file as it was, in any order', () => {
  fc.assert(
    fc.property(parts, parts, fc.func(fc.nat()), (file, added, order) => {
      const after = new Map(storedSections.map((section) => [section, { ...added[section] }]));
      const all = storedSections.flatMap((section) =>
        Object.keys(added[section] ?? {}).map((key) => [section, key] as const),
      );
      for (const [section, key] of all.sort((a, b) => order(a) - order(b))) {
        delete (after.get(section) as Record<string, unknown>)[key];
      }
      const left = Object.fromEntries([...after].filter(([, values]) => Object.keys(values).length > 0));
      expect(withStored(file, left as StoredSettings)).toEqual(file);
    }),
  );
});

test('each stored setting is the one that is read, and each other one the file’s', () => {
  fc.assert(
    fc.property(parts, parts, (file, stored) => {
      const both = withStored(file, stored as StoredSettings);
      for (const section of storedSections) {
        const [own = {}, over = {}] = [file[section], stored[section]];
        for (const key of new Set([...Object.keys(own), ...Object.keys(over)])) {
          const value = (both[section] as Record<string, unknown>)[key];
          expect(value).toEqual(Object.hasOwn(over, key) ? over[key] : own[key]);
        }
      }
    }),
  );
});

test('sorting keeps what counts as it is', () => {
  const stored = { router_settings: { timeout: 3, redis_host: 'other' }, general_settings: { alerting: [] } };
  expect(sortSettings({}, stored).counted).toEqual({ router_settings: { timeout: 3 } });
});
