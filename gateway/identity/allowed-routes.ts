import type { RouteDeclaration } from '../http/routes.ts';

/** Routes that only tell something, and any key may ask for its own; LiteLLM's list, as far as they are served. */
const infoRoutes: ReadonlySet<string> = new Set([
  '/key/info',
  '/key/health',
  '/key/list',
  '/v2/key/info',
  '/team/info',
  '/team/list',
  '/v2/team/list',
  '/team/available',
  '/user/info',
  '/v2/user/info',
  '/organization/list',
  '/model/info',
  '/v1/model/info',
  '/v2/model/info',
  '/model_group/info',
  '/models',
  '/v1/models',
  '/health',
  '/health/services',
]);

const isLlm = ({ access }: RouteDeclaration): boolean => access === 'llm';
const isOpen = ({ access }: RouteDeclaration): boolean => access === 'public' || access === 'ui';

/** LiteLLM's groups of routes that a key's `allowed_routes` may name. */
const groups = {
  llm_api_routes: isLlm,
  openai_routes: isLlm,
  info_routes: ({ url }: RouteDeclaration) => infoRoutes.has(url),
  management_routes: (route: RouteDeclaration) => !isLlm(route) && !isOpen(route),
} as const satisfies Record<string, (route: RouteDeclaration) => boolean>;

type Group = keyof typeof groups;

export const routeGroups = Object.keys(groups) as readonly Group[];

const isGroup = (name: string): name is Group => Object.hasOwn(groups, name);

/** Whether a text can stand in `allowed_routes`: a path, a path with `*` at its end, or the name of a group. */
export function isRouteRule(rule: string): boolean {
  return isGroup(rule) || /^\/[^*]*\*?$/.test(rule);
}

/** What LiteLLM's `key_type` of a new key stands for. */
export const keyTypes: Readonly<Record<string, readonly string[]>> = {
  default: [],
  llm_api: ['llm_api_routes'],
  management: ['management_routes'],
  read_only: ['info_routes'],
};

function allows(rule: string, route: RouteDeclaration): boolean {
  if (isGroup(rule)) return groups[rule](route);
  return rule.endsWith('*') ? route.url.startsWith(rule.slice(0, -1)) : route.url === rule;
}

/** Whether a key with these rules may call a route: none bind it to nothing. A rule that nobody knows allows nothing. */
export function routeAllowed(rules: readonly string[], route: RouteDeclaration): boolean {
  return rules.length === 0 || rules.some((rule) => allows(rule, route));
}
