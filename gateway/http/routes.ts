/**
 * Who may call a route.
 * - `public`: anyone; the handler sees no identity.
 * - `llm`: a virtual key or the master key; refused in the OpenAI envelope.
 * - `key`: a virtual key or the master key; the handler decides what this key may see or do.
 * - `admin`: the master key or a key whose role is `proxy_admin`.
 * - `ui`: the admin UI; pages and forms check the session cookie and the CSRF token themselves, in ui/.
 */
export type Access = 'public' | 'llm' | 'key' | 'admin' | 'ui';

export interface RouteDeclaration {
  readonly method: 'GET' | 'POST' | 'HEAD';
  /** Fastify path. */
  readonly url: string;
  readonly access: Access;
  /**
   * Served on Node's own request and response, past Fastify, whose share was an eighth of a call's CPU time:
   * the routes that carry calls to providers.
   */
  readonly direct?: true;
  /** `private`: the edge lets in this machine and private networks alone, whatever its operator has opened. */
  readonly reach?: 'private';
}

/**
 * Every route of the gateway: the server registers exactly these, and nginx passes exactly their prefixes.
 * A route without `access` does not compile; a handler without a row here has no place to be registered.
 */
export const routes = {
  chatCompletions: { method: 'POST', url: '/v1/chat/completions', access: 'llm', direct: true },
  chatCompletionsUnversioned: { method: 'POST', url: '/chat/completions', access: 'llm', direct: true },
  listModels: { method: 'GET', url: '/v1/models', access: 'llm' },
  listModelsUnversioned: { method: 'GET', url: '/models', access: 'llm' },
  getModel: { method: 'GET', url: '/v1/models/*', access: 'llm' },
  getModelUnversioned: { method: 'GET', url: '/models/*', access: 'llm' },

  generateKey: { method: 'POST', url: '/key/generate', access: 'admin' },
  updateKey: { method: 'POST', url: '/key/update', access: 'admin' },
  keyInfo: { method: 'GET', url: '/key/info', access: 'key' },
  deleteKey: { method: 'POST', url: '/key/delete', access: 'admin' },
  blockKey: { method: 'POST', url: '/key/block', access: 'admin' },
  unblockKey: { method: 'POST', url: '/key/unblock', access: 'admin' },
  listKeys: { method: 'GET', url: '/key/list', access: 'key' },

  liveliness: { method: 'GET', url: '/health/liveliness', access: 'public' },
  liveness: { method: 'GET', url: '/health/liveness', access: 'public' },
  readiness: { method: 'GET', url: '/health/readiness', access: 'public' },

  uiHome: { method: 'GET', url: '/ui', access: 'ui' },
  uiSignInForm: { method: 'GET', url: '/ui/sign-in', access: 'ui' },
  uiSignIn: { method: 'POST', url: '/ui/sign-in', access: 'ui' },
  uiPasswordForm: { method: 'GET', url: '/ui/password', access: 'ui' },
  uiPassword: { method: 'POST', url: '/ui/password', access: 'ui' },
  uiSignOut: { method: 'POST', url: '/ui/sign-out', access: 'ui' },
  uiStylesheet: { method: 'GET', url: '/ui/style.css', access: 'public' },
} as const satisfies Record<string, RouteDeclaration>;

export type RouteId = keyof typeof routes;

export type DirectRouteId = {
  [K in RouteId]: (typeof routes)[K] extends { readonly direct: true } ? K : never;
}[RouteId];
