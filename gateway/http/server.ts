import { createServer as createHttpServer } from 'node:http';
import cookie from '@fastify/cookie';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { type NetworkRules, NO_NETWORK_RULES } from '../config/network-rules.ts';
import type { RouteRules } from '../config/route-rules.ts';
import type { Authenticator, Identity } from '../identity/identity.ts';
import type { Refusals } from '../observe/refusals.ts';
import { absentMethods, absentRoutes, notBuilt } from './absent.ts';
import { admit, requireAddress } from './access.ts';
import { BodyLimit } from './body-limit.ts';
import { callId } from './call-id.ts';
import { isEdge } from './client-address.ts';
import { directRoutes, isDirect } from './direct.ts';
import { GatewayError } from './errors.ts';
import { toGatewayError } from './failure.ts';
import type { GatewayRequest, Handlers } from './handler.ts';
import { limits } from './limits.ts';
import { meantBy } from './misnamed.ts';
import { MACHINE_ITSELF, Networks } from './networks.ts';
import { type RouteDeclaration, type RouteId, routes } from './routes.ts';

export interface ServerOptions {
  readonly handlers: Handlers;
  readonly authenticator: Authenticator;
  readonly logger: FastifyBaseLogger;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly routeRules?: RouteRules;
  readonly networkRules?: NetworkRules;
}

/** What a route is registered with. */
type RouteOptions = ServerOptions & {
  /** Where callers may come from; null for everywhere. */
  readonly addresses: Networks | null;
};

/** Who is on the machine may always call: its own tools, and whoever signs in to it to mend the list. */
function addressesOf({ allowed }: NetworkRules): Networks | null {
  return allowed && new Networks([...MACHINE_ITSELF, ...allowed]);
}

/** Holds the request up until its caller is known to be somebody who may make it. */
function accessHook({ authenticator, routeRules, addresses }: RouteOptions, route: RouteDeclaration) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    admit(authenticator, {
      route,
      rules: routeRules,
      addresses,
      request: request.raw,
      admitted: (identity) => {
        request.identity = identity;
        done();
      },
      refused: (error) => done(error as Error),
    });
  };
}

/** What is asked before a route's handler. Load balancers may ask for health from anywhere, and pages ask for no key. */
function hooksOf(options: RouteOptions, route: RouteDeclaration) {
  if (route.access === 'public') return {};
  if (route.access !== 'ui') return { onRequest: accessHook(options, route) };
  const { addresses } = options;
  if (addresses === null) return {};
  return { onRequest: async ({ raw }: FastifyRequest): Promise<void> => requireAddress(raw, addresses) };
}

function allowedMethods(url: string): readonly string[] {
  return Object.values<RouteDeclaration>(routes)
    .filter((route) => route.url === url)
    .map((route) => route.method);
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

function answerNotFound(request: FastifyRequest): never {
  const path = pathOf(request.url);
  const allowed = allowedMethods(path);
  if (allowed.length > 0) {
    const allow = allowed.join(', ');
    const message = `Method ${request.method} is not allowed for ${path}; use ${allow}`;
    throw new GatewayError('method_not_allowed', message, { headers: { allow } });
  }
  const meant = meantBy(path);
  const hint = meant === undefined ? '' : `; what you look for is ${meant}`;
  throw new GatewayError('not_found', `Not found: ${request.method} ${path}${hint}`);
}

/** The routes of what is not built, each with one answer. */
function registerAbsent(app: FastifyInstance, options: RouteOptions): void {
  for (const route of Object.values(absentRoutes)) {
    const { url, access, instead } = route;
    app.route({
      method: [...absentMethods],
      url,
      config: { access },
      onRequest: accessHook(options, route),
      handler: ({ method, url: asked }) => {
        throw notBuilt(method, pathOf(asked), instead);
      },
    });
  }
}

function register(app: FastifyInstance, id: RouteId, options: RouteOptions): void {
  const { method, url, access }: RouteDeclaration = routes[id];
  const open = access === 'public' || access === 'ui';
  const handler = options.handlers[id] as (
    request: GatewayRequest,
    reply: FastifyReply,
    identity?: Identity,
  ) => unknown;
  app.route({
    method,
    url,
    config: { access },
    ...hooksOf(options, routes[id]),
    handler: open
      ? (request, reply) => handler(request as GatewayRequest, reply)
      : (request, reply) => handler(request as GatewayRequest, reply, request.identity as Identity),
  });
}

/** Builds the HTTP server with every declared route; it does not listen yet. */
export async function createServer(given: ServerOptions): Promise<FastifyInstance> {
  const { networkRules = NO_NETWORK_RULES } = given;
  const options: RouteOptions = { ...given, addresses: addressesOf(networkRules) };
  const bodyLimit = new BodyLimit(networkRules.maxRequestBytes);
  const direct = directRoutes({ ...options, bodyLimit });
  const app = fastify({
    serverFactory: (others) =>
      createHttpServer(
        { keepAliveTimeout: limits.keepAliveMs, requestTimeout: limits.requestMs },
        (request, response) => {
          if (!direct(request, response)) others(request, response);
        },
      ),
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'call_id' }),
    bodyLimit: bodyLimit.bytes,
    genReqId: callId,
    trustProxy: isEdge,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.decorateRequest('identity', null);
  app.setErrorHandler((error, request, reply) => {
    const { statusCode } = error as { statusCode?: number };
    const failure =
      statusCode === 413 ? bodyLimit.refusal(error) : toGatewayError(error, request.id, options.logger);
    const { id, headers, ip, identity, routeOptions } = request;
    options.refusals.note({ id, headers, ip, identity, route: routeOptions.url ?? '' }, failure);
    reply
      .headers({ 'x-litellm-call-id': request.id, ...failure.headers })
      .code(failure.status)
      .send(failure.envelope());
  });
  app.setNotFoundHandler(answerNotFound);
  const ids = (Object.keys(routes) as RouteId[]).filter((id) => !isDirect(id));
  const forPages = (id: RouteId): boolean => routes[id].access === 'ui';
  for (const id of ids) if (!forPages(id)) register(app, id, options);
  registerAbsent(app, options);
  // Cookies are for the pages alone: their hooks took part in every call.
  await app.register(async (pages) => {
    await pages.register(cookie);
    for (const id of ids) if (forPages(id)) register(pages, id, options);
  });
  return app;
}
