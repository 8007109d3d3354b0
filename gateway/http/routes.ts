import type { Standing } from '../identity/roles.ts';

const everybody = ['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'] as const;

/**
 * Who may call a management route. Being allowed to call it is one half; the other is the object that the call names, and
 * the handler asks `identity/permissions.ts` about that.
 */
export const audiences = {
  /** Whoever has a key; everybody sees and does what is its own. */
  key: everybody,
  /** Who makes and changes keys: not who may only look. */
  key_keeper: ['proxy_admin', 'org_admin', 'team_admin', 'internal_user'],
  /** Who runs a team. */
  team_keeper: ['proxy_admin', 'org_admin', 'team_admin'],
  /** Who makes teams and users. */
  organizer: ['proxy_admin', 'org_admin'],
  /** Who sees the list of users. */
  directory: ['proxy_admin', 'proxy_admin_viewer', 'org_admin'],
  /** Who sees everything. */
  overseer: ['proxy_admin', 'proxy_admin_viewer'],
  admin: ['proxy_admin'],
} as const satisfies Record<string, readonly Standing[]>;

export type Audience = keyof typeof audiences;

/**
 * Who may call a route.
 * - `public`: anyone; the handler sees no identity.
 * - `llm`: a virtual key or the master key; refused in the OpenAI envelope.
 * - an audience: the master key, or a virtual key of somebody who belongs to it.
 * - `ui`: the admin UI; pages and forms check the session cookie and the CSRF token themselves, in ui/.
 */
export type Access = 'public' | 'llm' | 'ui' | Audience;

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

  generateKey: { method: 'POST', url: '/key/generate', access: 'key_keeper' },
  updateKey: { method: 'POST', url: '/key/update', access: 'key_keeper' },
  regenerateKey: { method: 'POST', url: '/key/regenerate', access: 'key_keeper' },
  regenerateNamedKey: { method: 'POST', url: '/key/:key/regenerate', access: 'key_keeper' },
  keyInfo: { method: 'GET', url: '/key/info', access: 'key' },
  deleteKey: { method: 'POST', url: '/key/delete', access: 'key_keeper' },
  blockKey: { method: 'POST', url: '/key/block', access: 'team_keeper' },
  unblockKey: { method: 'POST', url: '/key/unblock', access: 'team_keeper' },
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
