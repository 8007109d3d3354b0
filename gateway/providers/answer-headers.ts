import type { IncomingHttpHeaders } from 'node:http';
import type { WritableHeaders } from '../http/call-reply.ts';

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
export function passHeaders(headers: IncomingHttpHeaders, into: WritableHeaders): void {
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || NOT_PASSED.has(name)) continue;
    const text = typeof value === 'string' ? value : value.join(', ');
    into.set(`llm_provider-${name}`, text);
    if (name.startsWith('x-ratelimit-')) into.set(name, text);
  }
}
