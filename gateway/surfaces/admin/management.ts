import type { FastifyReply } from 'fastify';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { InvalidRequest } from './validation.ts';

type ManagementHandler = (
  request: GatewayRequest,
  reply: FastifyReply,
  identity: Identity,
) => Promise<unknown>;

/** A management endpoint: what InvalidRequest reports goes out as LiteLLM's 422, everything else as usual. */
export function management(
  work: (request: GatewayRequest, identity: Identity) => Promise<unknown>,
): ManagementHandler {
  return async (request, reply, identity) => {
    try {
      return await work(request, identity);
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      reply.code(422);
      return { detail: error.faults };
    }
  };
}
