import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from '../identity/identity.ts';
import type { Access, RouteId, routes } from './routes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access hook on routes that take a key; null on the others. */
    identity: Identity | null;
  }
  interface FastifyContextConfig {
    access: Access;
  }
}

/** The body is a Buffer (or undefined) on every route: nothing is parsed before the caller is known. */
export type GatewayRequest = FastifyRequest<{ Body: Buffer | undefined }>;

type Answer = unknown | Promise<unknown>;
type OpenHandler = (request: GatewayRequest, reply: FastifyReply) => Answer;
type KeyedHandler = (request: GatewayRequest, reply: FastifyReply, identity: Identity) => Answer;
type OpenRouteId = {
  [K in RouteId]: (typeof routes)[K]['access'] extends 'public' | 'ui' ? K : never;
}[RouteId];

/** One handler per declared route; those behind a key are handed the identity. */
export type Handlers = { readonly [K in RouteId]: K extends OpenRouteId ? OpenHandler : KeyedHandler };
