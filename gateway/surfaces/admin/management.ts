import type { FastifyReply } from 'fastify';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { type BodyReader, InvalidRequest } from './validation.ts';

type ManagementHandler = (
  request: GatewayRequest,
  reply: FastifyReply,
  identity: Identity,
) => Promise<unknown>;

export interface ManagementOptions {
  /** Knows the fields of the body: what it does not know is ignored as LiteLLM does, and named. */
  readonly body?: BodyReader<unknown>;
  /** `detail`: LiteLLM answers some endpoints' errors as `{"detail": {"error"}}`; `message`: as `{"detail": {"message"}}`. */
  readonly errors?: 'envelope' | 'detail' | 'message';
}

/** What has the short form where an endpoint has it; a row with a type of its own keeps the envelope, which shows it. */
const SHORT = new Set(['bad_request', 'not_found', 'forbidden']);

const NAMES_SHOWN = 20;
const NAME_LENGTH = 64;

/** Names that a client made up, fit for a header and a log. */
function shown(names: readonly string[]): string {
  const safe = names.map((name) => name.slice(0, NAME_LENGTH).replace(/[^\x21-\x2b\x2d-\x7e]/g, '?'));
  return safe.slice(0, NAMES_SHOWN).join(', ');
}

function nameIgnored(request: GatewayRequest, reply: FastifyReply, body: BodyReader<unknown>): void {
  const ignored = body.ignored(request.body);
  if (ignored.length === 0) return;
  const names = shown(ignored);
  reply.header('x-litellm-ignored-fields', names);
  request.log.warn({ route: request.routeOptions.url, fields: names }, 'fields of a request were ignored');
}

/** An endpoint that takes no key, since what it is asked for proves who asks. */
export function unkeyed(
  work: (request: GatewayRequest) => Promise<unknown>,
  body?: BodyReader<unknown>,
): (request: GatewayRequest, reply: FastifyReply) => Promise<unknown> {
  return answering((request) => work(request), { ...(body && { body }) });
}

/** A management endpoint: what InvalidRequest reports goes out as LiteLLM's 422, everything else as the endpoint's errors do. */
export function management(
  work: (request: GatewayRequest, identity: Identity, reply: FastifyReply) => Promise<unknown>,
  options: ManagementOptions = {},
): ManagementHandler {
  return answering((request, reply, identity: Identity) => work(request, identity, reply), options);
}

/** Answers what `work` returns or throws. `caller` is what the route's handler is given beside the request. */
function answering<C extends readonly unknown[]>(
  work: (request: GatewayRequest, reply: FastifyReply, ...caller: C) => Promise<unknown>,
  { body, errors = 'envelope' }: ManagementOptions,
): (request: GatewayRequest, reply: FastifyReply, ...caller: C) => Promise<unknown> {
  return async (request, reply, ...caller) => {
    try {
      const answer = await work(request, reply, ...caller);
      if (body !== undefined) nameIgnored(request, reply, body);
      return answer;
    } catch (error) {
      if (error instanceof InvalidRequest) {
        reply.code(422);
        return { detail: error.faults };
      }
      if (errors !== 'envelope' && error instanceof GatewayError && SHORT.has(error.code)) {
        reply.code(error.status).header('x-litellm-call-id', request.id);
        return { detail: { [errors === 'detail' ? 'error' : 'message']: error.message } };
      }
      throw error;
    }
  };
}
