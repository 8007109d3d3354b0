import { GatewayError } from './errors.ts';

/** A JSON object in a request body. */
export type JsonObject = { readonly [member: string]: unknown };

/**
 * Parses a request body that must be one JSON object; an empty body counts as `{}`.
 * Throws GatewayError bad_request (param `request_body`) otherwise.
 */
export function jsonObject(body: Buffer | undefined): JsonObject {
  if (body === undefined || body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new GatewayError('bad_request', `Invalid JSON in the request body: ${(cause as Error).message}`, {
      param: 'request_body',
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatewayError('bad_request', 'The request body must be a JSON object', {
      param: 'request_body',
    });
  }
  return value as JsonObject;
}
