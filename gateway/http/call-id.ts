import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const CLIENT_CALL_ID = /^[\w.:-]{1,128}$/;

/** The call id: the client's `x-litellm-call-id` when it is a plain token, else a new UUID. */
export function callId({ headers }: { readonly headers: IncomingHttpHeaders }): string {
  const wanted = headers['x-litellm-call-id'];
  return typeof wanted === 'string' && CLIENT_CALL_ID.test(wanted) ? wanted : randomUUID();
}
