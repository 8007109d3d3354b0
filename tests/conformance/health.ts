import { envelope, section, text } from './row.ts';

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
]);
