import { describe, expect, test } from 'vitest';
import { readStoredModel } from './stored-model.ts';

const rules = {
  allowUnknown: false,
  environment: { OPENAI_API_KEY: 'key-of-environment', VLLM_KEY: 'key-of-file' },
  timeouts: { timeoutMs: 1000, streamTimeoutMs: 1000 },
  limits: { enforced: false, parallel: null },
  credentials: new Map([
    ['file', { api_base: 'https://file.example/v1', api_key: 'os.environ/VLLM_KEY' }],
    ['file-key', { api_key: 'os.environ/VLLM_KEY' }],
  ]),
};
const stored = new Map([
  ['pair', { api_base: 'https://pair.example/v1', api_key: 'key-of-pair' }],
  ['address', { api_base: 'https://address.example/v1' }],
  ['key', { api_key: 'key-of-credential' }],
]);

const read = (params: object, info: object = {}) =>
  readStoredModel(
    { id: 'id', modelName: 'name', params: { model: 'openai/gpt-4o', ...params }, info: { ...info } },
    { rules, stored },
    new Set(),
  );
const MINE = 'https://mine.example/v1';
const OPENAI = 'https://api.openai.com/v1';

test.each([
  [
    { team_id: 'red', team_public_model_name: 'theirs' },
    { id: 'red', publicName: 'theirs' },
  ],
  [{ team_id: 'red' }, { id: 'red', publicName: 'name' }],
  [{ team_public_model_name: 'theirs' }, null],
  [{}, null],
])('%j in model_info is of the team %j', (info, team) => {
  expect(read({}, info).deployment).toMatchObject({ modelName: 'name', team });
});

test.each(['', ['red'], true])('%j as a team keeps a model from being served to everybody', (team_id) => {
  const { deployment, faults } = read({}, { team_id });
  expect(deployment).toBeNull();
  expect(faults).toMatchObject([{ path: 'model_info.team_id' }]);
});

test('a pattern is filled by what the team calls the model', () => {
  const info = { team_id: 'red', team_public_model_name: 'own/*' };
  expect(read({ model: 'openai/*' }, info).faults).toEqual([]);
  expect(read({ model: 'openai/*' }, { team_id: 'red' }).faults).toMatchObject([
    { path: 'litellm_params.model' },
  ]);
});

describe('a call goes to the address that its key was meant for', () => {
  test.each([
    ['nothing of its own', {}, OPENAI, 'key-of-environment'],
    ["the provider's variable", { api_key: 'os.environ/OPENAI_API_KEY' }, OPENAI, 'key-of-environment'],
    ['a key of its own', { api_key: 'own' }, OPENAI, 'own'],
    ['key and address of its own', { api_base: MINE, api_key: 'own' }, MINE, 'own'],
    [
      'a credential that has both',
      { litellm_credential_name: 'pair' },
      'https://pair.example/v1',
      'key-of-pair',
    ],
    ['a credential with a key', { litellm_credential_name: 'key' }, OPENAI, 'key-of-credential'],
    [
      'a credential of the file',
      { litellm_credential_name: 'file' },
      'https://file.example/v1',
      'key-of-file',
    ],
    [
      'its own of both beside a credential',
      { litellm_credential_name: 'pair', api_base: MINE, api_key: 'own' },
      MINE,
      'own',
    ],
    ['no key, where the provider asks for none', { model: 'hosted_vllm/llama', api_base: MINE }, MINE, null],
  ])('with %s', (_what, params, apiBase, apiKey) => {
    const { deployment, faults } = read(params);
    expect(faults).toEqual([]);
    expect(deployment).toMatchObject({ id: 'id', modelName: 'name', apiBase, apiKey });
  });
});

describe('no key is sent to another address', () => {
  test.each([
    ["the environment's, to its own", { api_base: MINE }, 'litellm_params.api_key'],
    ["the environment's, under the older name", { base_url: MINE }, 'litellm_params.api_key'],
    [
      "the environment's, to a credential's",
      { litellm_credential_name: 'address' },
      'litellm_params.api_key',
    ],
    [
      "a credential's, to its own",
      { litellm_credential_name: 'key', api_base: MINE },
      'litellm_params.api_base',
    ],
    [
      "one of the file's, to its own",
      { litellm_credential_name: 'file-key', api_base: MINE },
      'litellm_params.api_base',
    ],
    [
      "its own, to a credential's, which somebody else may change",
      { litellm_credential_name: 'address', api_key: 'own' },
      'litellm_params.api_key',
    ],
  ])('%s', (_what, params, path) => {
    const { deployment, faults } = read(params);
    expect(deployment).toBeNull();
    expect(faults.map((fault) => fault.path)).toContain(path);
  });
});

describe('the environment is for the file', () => {
  test.each([
    ['a key of somebody else', { api_key: 'os.environ/VLLM_KEY' }, 'litellm_params.api_key'],
    ['the address', { api_base: 'os.environ/MINE', api_key: 'own' }, 'litellm_params.api_base'],
    [
      'its own key, for an address of its own',
      { api_base: MINE, api_key: 'os.environ/OPENAI_API_KEY' },
      'litellm_params.api_key',
    ],
    ['a header', { extra_headers: { x: 'os.environ/VLLM_KEY' } }, 'litellm_params.extra_headers'],
    ['a member of the body', { metadata: { a: ['os.environ/VLLM_KEY'] } }, 'litellm_params.metadata'],
  ])('not for %s', (_what, params, path) => {
    const { deployment, faults } = read(params);
    expect(deployment).toBeNull();
    expect(faults.map((fault) => fault.path)).toContain(path);
  });

  test.each([{ model: 'os.environ/VLLM_KEY' }, { custom_llm_provider: 'os.environ/VLLM_KEY' }])(
    'what %j leads to is in no fault',
    (params) => {
      const { deployment, faults, warnings } = read(params);
      expect([deployment, faults.length]).toEqual([null, 1]);
      expect(JSON.stringify([faults, warnings])).not.toContain('key-of-file');
    },
  );

  test('not for what is told of a model', () => {
    expect(read({}, { note: 'os.environ/VLLM_KEY' }).faults).toMatchObject([{ path: 'model_info.note' }]);
  });
});

test('what is shown holds no secret, whatever it is called', () => {
  const { deployment } = read({ api_key: 'own', rpm: 5, extra_headers: { x: 'own' }, secret_project: 'own' });
  expect(deployment?.params).toEqual({ model: 'openai/gpt-4o', rpm: 5 });
});
