import { envelope, like, section, some, text, unprocessable } from './row.ts';

const well = like({ model: 'openai/gpt-4o-mini', api_base: text, model_id: text });

export const health = section('3.10', [
  ['the process says that it lives, to anybody', 'GET /health/liveliness', { as: null }, 200, "I'm alive!"],
  ['under its other name too', 'GET /health/liveness', { as: null }, 200, "I'm alive!"],
  [
    'it is ready when its database answers',
    'GET /health/readiness',
    { as: null },
    200,
    { status: 'healthy', db: 'connected' },
  ],
  [
    'who has a key is told more',
    'GET /health/readiness/details',
    {},
    200,
    {
      status: 'healthy',
      db: 'connected',
      cache: null,
      litellm_version: text,
      success_callbacks: [],
      use_aiohttp_transport: false,
      log_level: 'INFO',
      is_detailed_debug: false,
    },
  ],
  [
    'and nobody else',
    'GET /health/readiness/details',
    { as: null },
    401,
    envelope(401, 'auth_error', 'None'),
  ],
  [
    'every deployment is tried',
    'GET /health',
    {},
    200,
    { healthy_endpoints: some(well), unhealthy_endpoints: [], healthy_count: 2, unhealthy_count: 0 },
  ],
  [
    'or those of one model',
    'GET /health?model=one',
    {},
    200,
    { healthy_endpoints: [well], healthy_count: 1 },
  ],
  ['a name that is no model', 'GET /health?model=none', {}, 404, envelope(404, 'not_found_error', 'model')],
  ['nor an id', 'GET /health?model_id=none', {}, 404, envelope(404, 'not_found_error', 'model_id')],
  [
    'a model can be tried before it is added, and the answer says how it went',
    'POST /health/test_connection',
    {
      body: {
        litellm_params: { model: 'openai/gpt-4o-mini', api_base: 'http://127.0.0.1:9/v1', api_key: 'x' },
      },
    },
    200,
    { status: 'error', result: like({ model: 'openai/gpt-4o-mini', error: text }) },
  ],
  ['it calls something', 'POST /health/test_connection', { body: {} }, 422, unprocessable],
]);
