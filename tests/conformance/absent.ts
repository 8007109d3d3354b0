import { envelope, type Row, section } from './row.ts';

const notBuilt = envelope(501, 'not_implemented_error', null);

const told = (subject: string, ...lines: readonly string[]): readonly Row[] =>
  section(
    '3.10',
    lines.map((line) => [`${subject} is not built, and says so`, line, {}, 501, notBuilt] as const),
  );

/** What LiteLLM has and this gateway does not, as it is told to who may call management routes. */
export const absent: readonly Row[] = [
  ...told(
    'single sign-on',
    'GET /sso/key/generate',
    'GET /sso/callback?code=1',
    'GET /sso/get/ui_settings',
    'GET /sso/readiness',
    'GET /get/sso_settings',
    'PATCH /update/sso_settings',
  ),
  ...told(
    'a sign-in to LiteLLM’s UI',
    'POST /login',
    'POST /v2/login',
    'POST /v3/login',
    'POST /v3/login/exchange',
    'GET /fallback/login',
  ),
  ...told(
    'a setting of LiteLLM’s UI',
    'GET /get/ui_settings',
    'PATCH /update/ui_settings',
    'GET /get/ui_theme_settings',
    'GET /get/internal_user_settings',
    'PATCH /update/internal_user_settings',
    'GET /get/default_team_settings',
    'PATCH /update/default_team_settings',
  ),
  ...told(
    'a callback',
    'GET /team/robots/callback',
    'POST /team/robots/callback',
    'POST /team/robots/disable_logging',
  ),
  ...told('a metric', 'GET /metrics'),
  ...told('LiteLLM’s UI', 'GET /.well-known/litellm-ui-config', 'GET /litellm/.well-known/litellm-ui-config'),
  ...told('an alert to a chat', 'GET /health/services?service=slack'),
  ...told('a change of callbacks by the API', 'POST /config/callback/delete'),
  ...told('the schema of the configuration', 'GET /config/yaml'),
  ...told('e-mail', 'GET /email/event_settings'),
  ...told(
    'the cache',
    'GET /cache/ping',
    'POST /cache/delete',
    'POST /cache/flushall',
    'GET /cache/redis/info',
  ),
  ...told(
    'a guardrail',
    'GET /guardrails/list',
    'GET /v2/guardrails/list',
    'POST /guardrails',
    'DELETE /guardrails/one',
    'GET /guardrails/one/info',
    'POST /guardrails/apply_guardrail',
  ),
  ...told('prompt management', 'GET /prompts/list', 'POST /prompts'),
  ...told('a project', 'POST /project/new', 'DELETE /project/delete'),
  ...section('3.10', [
    [
      'a stranger is told nothing of what is built',
      'GET /cache/ping',
      { as: null },
      401,
      envelope(401, 'auth_error', 'None'),
    ],
  ]),
];
