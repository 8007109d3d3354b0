import { MESSAGES } from '../harness/chat.ts';
import { envelope, like, number, section, some, text } from './row.ts';

const body = { model: 'one', messages: MESSAGES, max_tokens: 4 };
const completion = {
  object: 'chat.completion',
  model: 'one',
  choices: some(like({ message: like({ role: 'assistant', content: text }) })),
  usage: { prompt_tokens: number, completion_tokens: number, total_tokens: number },
};
const model = { id: 'one', object: 'model', created: 1677610602, owned_by: 'openai' };

export const chat = [
  ...section('2.1', [
    [
      'a chat is answered under the name that was asked for',
      'POST /v1/chat/completions',
      { body },
      200,
      completion,
    ],
    ['also without the version', 'POST /chat/completions', { body }, 200, completion],
  ]),
  ...section('1.1', [
    [
      'x-litellm-api-key goes before Authorization',
      'GET /v1/models',
      { headers: { 'x-litellm-api-key': 'sk-nobody-has-this-key' } },
      401,
      envelope(401, 'token_not_found_in_db', 'key'),
    ],
    [
      'without a key',
      'POST /v1/chat/completions',
      { as: null, body },
      401,
      envelope(401, 'auth_error', 'None'),
    ],
    [
      'with nothing behind Bearer',
      'GET /v1/models',
      { as: null, headers: { authorization: 'Bearer ' } },
      401,
      envelope(401, 'auth_error', 'None'),
    ],
  ]),
  ...section('1.4', [
    [
      'a key that is none of ours',
      'GET /v1/models',
      { as: 'sk-x' },
      401,
      envelope(401, 'token_not_found_in_db', 'key'),
    ],
    ['a key without sk-', 'GET /v1/models', { as: 'guess' }, 401, envelope(401, 'auth_error', 'None')],
    [
      'a body that is no JSON',
      'POST /v1/chat/completions',
      { text: '{"model": ', headers: { 'content-type': 'application/json' } },
      400,
      envelope(400, 'invalid_request_error', 'request_body'),
    ],
    [
      'a body without a model',
      'POST /v1/chat/completions',
      { body: { messages: MESSAGES } },
      400,
      envelope(400, 'invalid_request_error', 'model'),
    ],
    [
      'a model that nobody knows',
      'POST /v1/chat/completions',
      { body: { ...body, model: 'three' } },
      400,
      envelope(400, 'invalid_request_error', null),
    ],
    [
      'a price that the client sets',
      'POST /v1/chat/completions',
      { body: { ...body, input_cost_per_token: 0 } },
      401,
      envelope(401, 'auth_error', 'input_cost_per_token'),
    ],
  ]),
  ...section('2.7', [
    ['the models that a key may use', 'GET /v1/models', {}, 200, { object: 'list', data: some(model) }],
    ['also without the version', 'GET /models', {}, 200, { object: 'list', data: some(model) }],
    ['one model', 'GET /v1/models/one', {}, 200, model],
    ['one model without the version', 'GET /models/one', {}, 200, model],
    ['no such model', 'GET /v1/models/three', {}, 404, envelope(404, 'invalid_request_error', 'model')],
  ]),
];
