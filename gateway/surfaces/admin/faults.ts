import { GatewayError } from '../../http/errors.ts';

/** What management endpoints refuse, each naming the field that is meant. */
export function badRequest(param: string, message: string): GatewayError {
  return new GatewayError('bad_request', message, { param });
}

export function notFound(param: string, message: string): GatewayError {
  return new GatewayError('not_found', message, { param });
}

export function conflict(param: string, message: string): GatewayError {
  return new GatewayError('bad_request', message, { status: 409, param });
}

export function forbidden(param: string, message: string): GatewayError {
  return new GatewayError('forbidden', message, { param });
}
