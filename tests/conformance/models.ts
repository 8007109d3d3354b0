import { expect } from 'vitest';
import { envelope, like, number, section, some, text, time, unprocessable, uuid } from './row.ts';

const OWNER = 'conformance-owner';
const own = { model: 'openai/gpt-4o-mini', api_base: 'https://models.example/v1', api_key: 'x', rpm: 5 };
const bad = (param: string) => envelope(400, 'invalid_request_error', param);
const info = (name: string) =>
  some(
    like({
      model_name: name,
      litellm_params: like({ model: text, api_base: text }),
      model_info: like({ id: text, litellm_provider: 'openai', mode: 'chat', input_cost_per_token: number }),
    }),
  );

export const models = [
  ...section('3.7', [
    [
      'a team that will have a model of its own',
      'POST /team/new',
      { body: { team_id: OWNER, models: ['one'] } },
      200,
      { team_id: OWNER },
    ],
    [
      'a model has an id where none is given',
      'POST /model/new',
      { body: { model_name: 'added', litellm_params: own } },
      200,
      {
        model_id: uuid,
        model_name: 'added',
        created_at: time,
        created_by: text,
        updated_at: time,
        updated_by: text,
      },
    ],
    [
      'or the one that is',
      'POST /model/new',
      {
        body: { model_name: 'added', litellm_params: own, model_info: { id: 'conformance-model', mine: 1 } },
      },
      200,
      { model_id: 'conformance-model', model_info: { id: 'conformance-model', mine: 1, db_model: true } },
    ],
    [
      'an id is taken once',
      'POST /model/new',
      { body: { model_name: 'added', litellm_params: own, model_info: { id: 'conformance-model' } } },
      400,
      bad('model_info.id'),
    ],
    ['a model calls something', 'POST /model/new', { body: { model_name: 'x' } }, 422, unprocessable],
    [
      'an address that is none',
      'POST /model/new',
      { body: { model_name: 'x', litellm_params: { ...own, api_base: 'file:///x' } } },
      400,
      bad('litellm_params.api_base'),
    ],
    [
      'an update merges',
      'POST /model/update',
      { body: { model_info: { id: 'conformance-model' }, litellm_params: { rpm: 6 } } },
      200,
      {
        model_id: 'conformance-model',
        model_name: 'added',
        litellm_params: { rpm: 6, model: text, api_key: text },
      },
    ],
    [
      'a model of a team goes by a name of its own, the team’s beside it',
      'POST /model/new',
      {
        body: {
          model_name: 'added',
          litellm_params: own,
          model_info: { id: 'conformance-owned', team_id: OWNER },
        },
      },
      200,
      {
        model_id: 'conformance-owned',
        model_name: expect.stringMatching(/^model_name_conformance-owner_[0-9a-f-]{36}$/),
        model_info: { team_id: OWNER, team_public_model_name: 'added', db_model: true },
      },
    ],
    [
      'which is on the team’s list',
      `GET /team/info?team_id=${OWNER}`,
      {},
      200,
      { team_info: like({ models: ['one', 'added'] }) },
    ],
    [
      'a name in an update is the team’s',
      'PATCH /model/conformance-owned/update',
      { body: { model_name: 'theirs' } },
      200,
      { model_info: { team_id: OWNER, team_public_model_name: 'theirs' } },
    ],
    [
      'a team keeps its models',
      'POST /model/update',
      { body: { model_info: { id: 'conformance-owned', team_id: 'another' } } },
      400,
      bad('model_info.team_id'),
    ],
    [
      'a team that is none',
      'POST /model/new',
      { body: { model_name: 'x', litellm_params: own, model_info: { team_id: 'none' } } },
      400,
      bad('model_info.team_id'),
    ],
    [
      'a model of a team is deleted',
      'POST /model/delete',
      { body: { id: 'conformance-owned' } },
      200,
      { message: 'Model: conformance-owned deleted successfully' },
    ],
    ['which model', 'POST /model/update', { body: {} }, 400, bad('model_info.id')],
    [
      'a part of a model',
      'PATCH /model/conformance-model/update',
      { body: { model_name: 'renamed' } },
      200,
      { model_id: 'conformance-model', model_name: 'renamed', blocked: false },
    ],
    ['a part of none', 'PATCH /model/none/update', { body: {} }, 400, bad('model_info.id')],
  ]),
  ...section('2.7', [
    ['what models are', 'GET /model/info', {}, 200, { data: info('one') }],
    [
      'one of them',
      'GET /v1/model/info?litellm_model_id=conformance-model',
      {},
      200,
      {
        data: [
          { model_name: 'renamed', litellm_params: { rpm: 6 }, model_info: { db_model: true, mine: 1 } },
        ],
      },
    ],
    ['none of them', 'GET /v1/model/info?litellm_model_id=none', {}, 400, bad('litellm_model_id')],
    [
      'page by page',
      'GET /v2/model/info?search=renamed&size=1',
      {},
      200,
      { data: info('renamed'), total_count: 1, current_page: 1, total_pages: 1, size: 1 },
    ],
    [
      'what is behind a name',
      'GET /model_group/info?model_group=one',
      {},
      200,
      {
        data: [
          { model_group: 'one', providers: ['openai'], mode: 'chat', supports_vision: false, tpm: null },
        ],
      },
    ],
  ]),
  ...section('3.7', [
    [
      'a model is deleted',
      'POST /model/delete',
      { body: { id: 'conformance-model' } },
      200,
      { message: 'Model: conformance-model deleted successfully' },
    ],
    ['once', 'POST /model/delete', { body: { id: 'conformance-model' } }, 400, bad('id')],
    [
      'a credential is stored',
      'POST /credentials',
      {
        body: {
          credential_name: 'conformance',
          credential_values: { api_key: 'x', api_base: 'https://models.example/v1' },
          credential_info: { mine: 1 },
        },
      },
      200,
      { success: true },
    ],
    [
      'a name is taken once',
      'POST /credentials',
      { body: { credential_name: 'conformance', credential_values: {} } },
      400,
      bad('credential_name'),
    ],
    [
      'secrets are not shown',
      'GET /credentials',
      {},
      200,
      {
        success: true,
        credentials: [
          {
            credential_name: 'conformance',
            credential_values: { api_key: '****', api_base: 'https://models.example/v1' },
            credential_info: { mine: 1 },
          },
        ],
      },
    ],
    [
      'one by its name',
      'GET /credentials/by_name/conformance',
      {},
      200,
      { credential_values: { api_key: '****' } },
    ],
    ['none', 'GET /credentials/by_name/none', {}, 404, envelope(404, 'not_found_error', 'credential_name')],
    [
      'a value is changed',
      'PATCH /credentials/conformance',
      { body: { credential_values: { api_key: 'y' } } },
      200,
      { success: true },
    ],
    ['a credential is deleted', 'DELETE /credentials/conformance', {}, 200, { success: true }],
    [
      'but once',
      'DELETE /credentials/conformance',
      {},
      404,
      envelope(404, 'not_found_error', 'credential_name'),
    ],
  ]),
];
