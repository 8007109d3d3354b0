import { createServer as createHttpServer } from 'node:http';
import cookie from '@fastify/cookie';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { RouteRules } from '../config/route-rules.ts';
import type { Authenticator, Identity } from '../identity/identity.ts';
import type { Refusals } from '../observe/refusals.ts';
import { absentMethods, absentRoutes, notBuilt } from './absent.ts';
import { admit } from './access.ts';
import { callId } from './call-id.ts';
import { directRoutes, isDirect } from './direct.ts';
import { GatewayError } from './errors.ts';
import { toGatewayError } from './failure.ts';
import type { GatewayRequest, Handlers } from './handler.ts';
import { limits } from './limits.ts';
import { meantBy } from './misnamed.ts';
import { type RouteDeclaration, type RouteId, routes } from './routes.ts';

export interface ServerOptions {
  readonly handlers: Handlers;
  readonly authenticator: Authenticator;
  readonly logger: FastifyBaseLogger;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly routeRules?: RouteRules;
}

/** Holds the request up until its caller is known to be somebody who may make it. */
function accessHook({ authenticator, routeRules }: ServerOptions, route: RouteDeclaration) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    admit(authenticator, {
      route,
      rules: routeRules,
      headers: request.headers,
      admitted: (identity) => {
        request.identity = identity;
        done();
      },
      refused: (error) => done(error as Error),
    });
  };
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
function registerAbsent(app: FastifyInstance, options: ServerOptions): void {
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

function register(app: FastifyInstance, id: RouteId, options: ServerOptions): void {
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
    ...(open ? {} : { onRequest: accessHook(options, routes[id]) }),
    handler: open
      ? (request, reply) => handler(request as GatewayRequest, reply)
      : (request, reply) => handler(request as GatewayRequest, reply, request.identity as Identity),
  });
}

/** Builds the HTTP server with every declared route; it does not listen yet. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const direct = directRoutes(options);
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
    bodyLimit: limits.bodyBytes,
    genReqId: callId,
    trustProxy: '127.0.0.1',
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.decorateRequest('identity', null);
  app.setErrorHandler((error, request, reply) => {
    const failure = toGatewayError(error, request.id, options.logger);
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
