import { GatewayError } from './errors.ts';
import type { RouteDeclaration } from './routes.ts';

/** What LiteLLM has and this gateway does not: its paths, with every method, and what to do instead. */
interface Absence {
  readonly paths: readonly string[];
  readonly instead: string;
  /** As of a route: these stand beside what load balancers ask. */
  readonly reach?: 'private';
}

const absences: readonly Absence[] = [
  {
    paths: ['/sso/*', '/get/sso_settings', '/update/sso_settings'],
    instead:
      'single sign-on is not built, whatever GOOGLE_CLIENT_ID and its like say; the admin signs in at /ui/sign-in',
  },
  {
    paths: ['/login', '/v2/login', '/v3/login', '/v3/login/*', '/fallback/login'],
    instead: "LiteLLM's own UI is not here; the admin signs in at /ui/sign-in, and programs send a key",
  },
  {
    paths: [
      '/get/ui_settings',
      '/update/ui_settings',
      '/get/ui_theme_settings',
      '/get/internal_user_settings',
      '/update/internal_user_settings',
      '/get/default_team_settings',
      '/update/default_team_settings',
    ],
    instead:
      "settings of LiteLLM's UI are not here; write them in config.yaml, and `litellm-ctl config check` reads it",
  },
  {
    paths: ['/config/callback/delete'],
    instead: 'no callback is served, and none is in force, whatever litellm_settings.callbacks says',
  },
  {
    paths: ['/config/yaml'],
    instead: 'no schema of config.yaml is told; `litellm-ctl config check` says what is wrong with one',
  },
  {
    paths: ['/team/:team_id/callback', '/team/:team_id/disable_logging'],
    instead:
      'no callback is served; `metadata.turn_off_message_logging` of a team keeps what its calls say out of spend rows',
  },
  {
    paths: ['/metrics'],
    instead:
      'no metrics are kept, so `prometheus` in litellm_settings.callbacks has no effect; what calls cost is in "LiteLLM_SpendLogs" and its reports',
  },
  {
    paths: ['/.well-known/litellm-ui-config', '/litellm/.well-known/litellm-ui-config'],
    instead: "LiteLLM's own UI is not here; the admin UI is /ui",
  },
  {
    paths: ['/health/services'],
    instead: 'neither callbacks nor alerts to chats are built, so there is no service to try',
    reach: 'private',
  },
  {
    paths: ['/email/*'],
    instead: 'no e-mail is sent; hand the id of /invitation/new over yourself',
  },
  {
    paths: ['/cache/*'],
    instead: 'answers are not cached, so litellm_settings.cache has no effect',
  },
  {
    paths: ['/guardrails', '/guardrails/*', '/v2/guardrails/*'],
    instead:
      'guardrails are not built; a `guardrails` section of config.yaml is refused, and so is the field in requests',
  },
  {
    paths: ['/prompts', '/prompts/*'],
    instead: 'prompt management is not built; send whole messages',
  },
  {
    paths: ['/project/*'],
    instead: 'projects are not built; a team has members, models, a budget and limits',
  },
];

/**
 * Routes that answer 501, to whoever may call management routes: what LiteLLM's clients ask for is named, with what to do,
 * and not taken for a path that somebody has misspelt.
 */
export const absentRoutes: Readonly<Record<string, RouteDeclaration & { readonly instead: string }>> =
  Object.fromEntries(
    absences.flatMap(({ paths, ...rest }) =>
      paths.map((url) => [`absent ${url}`, { method: 'GET', url, access: 'key', ...rest }] as const),
    ),
  );

/** With what method such a path is asked for makes no difference. */
export const absentMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export function notBuilt(method: string, path: string, instead: string): GatewayError {
  return new GatewayError('not_built', `${method} ${path} is not served by this gateway: ${instead}`);
}
