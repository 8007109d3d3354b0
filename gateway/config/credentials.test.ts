import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from './read-config.ts';

const ENVIRONMENT = {
  LITELLM_MASTER_KEY: 'sk-m',
  LITELLM_SALT_KEY: 's',
  DATABASE_URL: 'postgresql://u@localhost/d',
};
const places = { providersEnv: '/providers.env', serviceEnv: '/service.env', spendState: '/spend' };

const read = (file: object, more: Record<string, string> = {}) =>
  readConfig({ text: stringify(file), environment: { ...ENVIRONMENT, ...more }, places });

const model = (params: object) => ({
  model_name: 'm',
  litellm_params: { model: 'openai/gpt-4o', litellm_credential_name: 'shared', ...params },
});
const shared = {
  credential_name: 'shared',
  credential_values: { api_base: 'https://shared.example/v1', api_key: 'os.environ/SHARED', timeout: 7 },
};

test('a model has what its credential says, and what it says itself wins', () => {
  const { config, faults } = read(
    { credential_list: [shared], model_list: [model({ timeout: 3, api_base: null })] },
    { SHARED: 'secret' },
  );
  expect(faults).toEqual([]);
  expect(config?.deployments).toMatchObject([
    { apiBase: 'https://shared.example/v1', apiKey: 'secret', timeoutMs: 3000, missingVariable: null },
  ]);
});

test('a model whose credential refers to a variable that is not set is not active, and the variable is named', () => {
  const { config } = read({ credential_list: [shared], model_list: [model({})] });
  expect(config?.deployments).toMatchObject([{ missingVariable: 'SHARED' }]);
});

test.each([
  ['a credential that is none', [], 'model_list.0.litellm_params.litellm_credential_name'],
  ['a name that is there twice', [shared, shared], 'credential_list.1.credential_name'],
  ['a credential without values', [{ credential_name: 'shared' }], 'credential_list.0.credential_values'],
  ['a credential that is no map', ['shared'], 'credential_list.0'],
])('%s is refused', (_what, credential_list, path) => {
  const { faults } = read({ credential_list, model_list: [model({})] });
  expect(faults.map((fault) => fault.path)).toContain(path);
});

test.each([
  [{}, {}, { enabled: false, writable: false }],
  [{ store_model_in_db: true }, {}, { enabled: true, writable: true }],
  [{}, { STORE_MODEL_IN_DB: 'True' }, { enabled: true, writable: true }],
  [{ store_model_in_db: false }, { STORE_MODEL_IN_DB: 'True' }, { enabled: false, writable: false }],
  [{ store_model_in_db: true, disable_add_model_via_api: true }, {}, { enabled: true, writable: false }],
])('with %j and %j models of the database are %j', (general_settings, environment, expected) => {
  const file = { general_settings, credential_list: [shared], model_list: [model({})] };
  expect(read(file, environment).config?.storedModels).toMatchObject(expected);
});

test('without a model in the file there must be a place for some in the database', () => {
  expect(read({}).faults).toMatchObject([{ path: 'model_list' }]);
  expect(read({ general_settings: { store_model_in_db: true } }).faults).toEqual([]);
});

test('what was sealed before is opened with the previous salt key, and with the master key as LiteLLM does', () => {
  const file = { general_settings: { store_model_in_db: true } };
  expect(read(file, { LITELLM_SALT_KEY_PREVIOUS: 'before' }).config?.earlierSaltKeys).toEqual([
    'before',
    'sk-m',
  ]);
  expect(read(file).config?.earlierSaltKeys).toEqual(['sk-m']);
});
