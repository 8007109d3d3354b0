import type { Logger } from '../observe/logger.ts';
import { GatewayError } from './errors.ts';

/** Turns whatever was thrown into the envelope; what is no GatewayError becomes the neutral 500 and a log entry. */
export function toGatewayError(error: unknown, callId: string, logger: Pick<Logger, 'error'>): GatewayError {
  if (error instanceof GatewayError) return error;
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new GatewayError('bad_request', message ?? 'Bad request', { status: statusCode, cause: error });
  }
  logger.error({ call_id: callId, err: error }, 'unexpected error');
  return new GatewayError('internal', 'Internal server error; the log has the details under this call id', {
    cause: error,
  });
}
