import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteRules } from '../config/route-rules.ts';
import type { Authenticator, Identity } from '../identity/identity.ts';
import type { Logger } from '../observe/logger.ts';
import type { Refusals } from '../observe/refusals.ts';
import { admit } from './access.ts';
import type { BodyLimit } from './body-limit.ts';
import { callId } from './call-id.ts';
import { NO_HEADERS } from './call-reply.ts';
import { clientAddress } from './client-address.ts';
import { ClientReply } from './client-reply.ts';
import { GatewayError } from './errors.ts';
import { toGatewayError } from './failure.ts';
import type { DirectHandler, Handlers } from './handler.ts';
import type { Networks } from './networks.ts';
import { readBody } from './request-body.ts';
import { type DirectRouteId, type RouteDeclaration, type RouteId, routes } from './routes.ts';

export interface DirectOptions {
  readonly handlers: Handlers;
  readonly authenticator: Authenticator;
  readonly logger: Pick<Logger, 'error'>;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly routeRules?: RouteRules;
  /** Where callers may come from; null for everywhere. */
  readonly addresses: Networks | null;
  readonly bodyLimit: BodyLimit;
}

interface Direct {
  readonly route: RouteDeclaration;
  readonly handler: DirectHandler;
}

export function isDirect(id: RouteId): id is DirectRouteId {
  return (routes[id] as RouteDeclaration).direct === true;
}

/**
 * Serves the direct routes: a known caller, then the body, then the handler, on Node's own request and response.
 * The function returned tells whether the request was for one of them; if not, it is left untouched.
 */
export function directRoutes(
  options: DirectOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { handlers, authenticator, logger, refusals, routeRules: rules, addresses, bodyLimit } = options;
  const byTarget = new Map<string, Direct>();
  for (const id of (Object.keys(routes) as RouteId[]).filter(isDirect)) {
    byTarget.set(`${routes[id].method} ${routes[id].url}`, { route: routes[id], handler: handlers[id] });
  }

  const serve = ({ route, handler }: Direct, request: IncomingMessage, response: ServerResponse): void => {
    const client = new ClientReply(callId(request), response);
    const fail = (error: unknown): void =>
      client.fail(toGatewayError(error, client.callId, logger), NO_HEADERS);
    const handle = (identity: Identity): void =>
      readBody(request, bodyLimit, (body) => {
        if (body instanceof GatewayError) return fail(body);
        try {
          const { headers } = request;
          const ip = clientAddress(request);
          handler({ id: client.callId, route: route.url, ip, headers, body, identity }, client);
        } catch (error) {
          fail(error);
        }
      });
    admit(authenticator, {
      route,
      rules,
      addresses,
      request,
      admitted: handle,
      refused: (error) => {
        const failure = toGatewayError(error, client.callId, logger);
        const { headers } = request;
        const ip = clientAddress(request);
        refusals.note({ id: client.callId, route: route.url, ip, headers, identity: null }, failure);
        client.fail(failure, NO_HEADERS);
      },
    });
  };

  return (request, response) => {
    const { method, url = '' } = request;
    const query = url.indexOf('?');
    const direct = byTarget.get(`${method} ${query < 0 ? url : url.slice(0, query)}`);
    if (direct === undefined) return false;
    serve(direct, request, response);
    return true;
  };
}
