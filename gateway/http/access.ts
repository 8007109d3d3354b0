import type { IncomingMessage } from 'node:http';
import { NO_ROUTE_RULES, type RouteRules } from '../config/route-rules.ts';
import { routeAllowed } from '../identity/allowed-routes.ts';
import type { Authenticator, Identity } from '../identity/identity.ts';
import type { Standing } from '../identity/roles.ts';
import { standingsOf } from '../identity/standing.ts';
import { clientAddress } from './client-address.ts';
import { GatewayError } from './errors.ts';
import type { Networks } from './networks.ts';
import { audiences, type RouteDeclaration } from './routes.ts';

function masked(userId: string | null): string {
  return userId === null ? 'none' : `${userId.slice(0, 2)}****`;
}

/** Whether the caller belongs to whom the route is for. What any key may call needs no look at who it is. */
function belongs({ access }: RouteDeclaration, identity: Identity): boolean {
  if (access === 'llm' || access === 'key') return true;
  if (access === 'public' || access === 'ui') return false;
  const wanted: readonly Standing[] = audiences[access];
  return standingsOf(identity).some((standing) => wanted.includes(standing));
}

function refuse(route: RouteDeclaration, { role, userId }: Identity): never {
  throw new GatewayError(
    'admin_only',
    `Authentication Error, only a proxy admin may manage keys, users and teams, or who runs the team or organisation that is meant. Route=${route.url}. Your role=${role}. Your user_id=${masked(userId)}`,
  );
}

/** A call of a model is refused in the order of its other checks, in admission. */
function requireTeam(route: RouteDeclaration, { team }: Identity): void {
  if (team?.blocked && route.direct !== true) throw blockedTeam();
}

/** The refusal of a key whose team is blocked. */
export function blockedTeam(): GatewayError {
  return new GatewayError(
    'blocked_team',
    'Authentication Error, Team is blocked. An admin can lift the block with `/team/unblock`',
  );
}

/** What the operator has closed is closed to the master key too. */
function requireOpen(route: RouteDeclaration, { role }: Identity, { allowed, adminOnly }: RouteRules): void {
  if (!routeAllowed(allowed, route)) {
    throw new GatewayError(
      'forbidden',
      `Authentication Error, ${route.url} is closed: general_settings.allowed_routes does not name it`,
    );
  }
  if (adminOnly.length > 0 && role !== 'proxy_admin' && routeAllowed(adminOnly, route)) {
    throw new GatewayError(
      'forbidden',
      `Authentication Error, ${route.url} is for proxy admins alone: general_settings.admin_only_routes names it`,
    );
  }
}

function permitted(route: RouteDeclaration, identity: Identity, rules: RouteRules): Identity {
  requireOpen(route, identity, rules);
  if (!routeAllowed(identity.allowedRoutes, route)) {
    throw new GatewayError(
      'forbidden',
      `Authentication Error, this key may not call ${route.url}: its allowed_routes do not name it`,
    );
  }
  if (!belongs(route, identity)) refuse(route, identity);
  requireTeam(route, identity);
  return identity;
}

/** Throws GatewayError address_refused when the caller is where nobody may call from. */
export function requireAddress(request: IncomingMessage, allowed: Networks): void {
  const address = clientAddress(request) ?? 'a closed connection';
  if (allowed.include(address)) return;
  throw new GatewayError(
    'address_refused',
    `Authentication Error, ${address} may not call: general_settings.allowed_ips does not name it`,
  );
}

/** Who asks for what, and what becomes of it. */
export interface AccessQuestion {
  readonly route: RouteDeclaration;
  /** What the operator says of routes. */
  readonly rules: RouteRules | undefined;
  /** Where callers may come from; null for everywhere. */
  readonly addresses: Networks | null;
  readonly request: IncomingMessage;
  /** Called with who calls, at once for a key that is cached. */
  readonly admitted: (identity: Identity) => void;
  /** Called when that is nobody who may, and with whatever `admitted` throws. */
  readonly refused: (error: unknown) => void;
}

/**
 * Finds out who calls a route. It looks at address and headers alone and is asked before the body is read: a stranger learns
 * nothing and uploads nothing.
 */
export function admit(
  authenticator: Authenticator,
  { route, rules = NO_ROUTE_RULES, addresses, request, admitted, refused }: AccessQuestion,
): void {
  try {
    if (addresses !== null) requireAddress(request, addresses);
    const found = authenticator.authenticate(request.headers);
    const go = (identity: Identity): void => admitted(permitted(route, identity, rules));
    if (found instanceof Promise) found.then(go).catch(refused);
    else go(found);
  } catch (error) {
    refused(error);
  }
}
