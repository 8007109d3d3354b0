import { absentRoutes } from '../http/absent.ts';
import { type RouteDeclaration, routes } from '../http/routes.ts';
import { routeAllowed } from '../identity/allowed-routes.ts';
import type { Findings, Reader } from './findings.ts';
import { nearest } from './nearest.ts';
import type { RouteRules } from './route-rules.ts';

const declared = Object.values<RouteDeclaration>({ ...routes, ...absentRoutes });

const isOfSome = (rule: string): boolean => declared.some((route) => routeAllowed([rule], route));

function unknownRule(rule: string): string {
  const meant = nearest(
    rule,
    declared.map(({ url }) => url),
  );
  return `'${rule}' is no route of this gateway${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
}

const isOpen = ({ access }: RouteDeclaration): boolean => access === 'public' || access === 'ui';
const ofLitellm = 'LiteLLMRoutes.public_routes';

/** The routes that take no key are these and no others: what stands behind a key answers by whose it is. */
function checkPublicRoutes(general: Reader, findings: Findings): void {
  for (const rule of general.texts('public_routes') ?? []) {
    const meant = declared.filter((route) => routeAllowed([rule], route));
    if (rule === ofLitellm || (meant.length > 0 && meant.every(isOpen))) continue;
    findings.fault(
      'general_settings.public_routes',
      meant.length === 0
        ? unknownRule(rule)
        : `'${rule}' takes a key on this gateway, which opens no route beyond those that are public: remove it`,
    );
  }
}

/** Reads which routes are open, and which are for proxy admins alone. A rule that would protect nothing is a fault. */
export function readRouteRules(general: Reader, findings: Findings): RouteRules {
  const allowed = general.texts('allowed_routes') ?? [];
  const adminOnly = general.texts('admin_only_routes') ?? [];
  for (const rule of allowed.filter((each) => !isOfSome(each))) {
    findings.warn('general_settings.allowed_routes', unknownRule(rule));
  }
  for (const rule of adminOnly.filter((each) => !isOfSome(each))) {
    findings.fault('general_settings.admin_only_routes', unknownRule(rule));
  }
  checkPublicRoutes(general, findings);
  return { allowed, adminOnly };
}
