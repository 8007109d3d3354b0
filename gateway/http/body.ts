import { GatewayError } from './errors.ts';

/** A JSON object in a request body. */
export type JsonObject = { readonly [member: string]: unknown };

/** Where JSON ends to be JSON, where the parser says so; its message quotes the text. */
function placeIn({ message }: Error): string {
  const [, position] = / at position (\d+)/.exec(message) ?? [];
  return position === undefined ? '' : ` at position ${position}`;
}

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
    throw new GatewayError('bad_request', `Invalid JSON in the request body${placeIn(cause as Error)}`, {
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
