import type { WritableHeaders } from '../http/call-reply.ts';
import type { AnswerHeaders } from './http/answer-parser.ts';

/** Headers of one connection, and those that would let a provider set state in clients. */
const NOT_PASSED = new Set(
  `connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade
  content-length content-encoding content-type set-cookie set-cookie2 alt-svc strict-transport-security`.split(
    /\s+/,
  ),
);

/**
 * Tells what of a provider's headers a client sees: each under `llm_provider-`, and its rate limits also under their own names.
 */
export function passHeaders(headers: AnswerHeaders, into: WritableHeaders): void {
  for (const [name, value] of headers) {
    if (NOT_PASSED.has(name)) continue;
    into.set(`llm_provider-${name}`, value);
    if (name.startsWith('x-ratelimit-')) into.set(name, value);
  }
}
