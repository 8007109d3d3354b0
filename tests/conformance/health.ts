import { section } from './row.ts';

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
]);
