import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from '../identity/identity.ts';
import type { CallReply } from './call-reply.ts';
import type { Access, DirectRouteId, RouteId, routes } from './routes.ts';

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

/** A request of a direct route: whole, and from a caller who may make it. */
export interface DirectRequest {
  readonly id: string;
  /** Path of the route. */
  readonly route: string;
  /** The client's address; null when it is gone already. */
  readonly ip: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly identity: Identity;
}

/** Answers through `client`; what it throws is answered as an error. */
export type DirectHandler = (request: DirectRequest, client: CallReply) => void;

type Answer = unknown | Promise<unknown>;
type OpenHandler = (request: GatewayRequest, reply: FastifyReply) => Answer;
type KeyedHandler = (request: GatewayRequest, reply: FastifyReply, identity: Identity) => Answer;
type OpenRouteId = {
  [K in RouteId]: (typeof routes)[K]['access'] extends 'public' | 'ui' ? K : never;
}[RouteId];

type HandlerOf<K extends RouteId> = K extends DirectRouteId
  ? DirectHandler
  : K extends OpenRouteId
    ? OpenHandler
    : KeyedHandler;

/** One handler per declared route; those behind a key are handed the identity. */
export type Handlers = { readonly [K in RouteId]: HandlerOf<K> };
