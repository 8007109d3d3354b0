import { DatabaseError } from 'pg';
import { GatewayError } from '../http/errors.ts';

/** SQLSTATEs that say "not now" and nothing about the statement. A three-character row stands for the whole class. */
const unavailable: Readonly<Record<string, string>> = {
  '08': 'connection exception',
  '28': 'sign-in refused by the server',
  '53': 'out of memory, disk or connections',
  '57P': 'server is starting, stopping or crashed',
  '57014': 'statement took longer than allowed',
  '3D000': 'database does not exist',
  '25006': 'server is read-only, a standby',
  '55P03': 'lock not to be had in time',
};

/** Whether the failure means that the database is away, and not that the statement is wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseError) {
    const code = error.code ?? '';
    return Object.keys(unavailable).some((prefix) => code.startsWith(prefix));
  }
  // Whatever else the driver throws comes from its socket; a TypeError or RangeError is a fault of ours.
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError);
}

/** Whether PostgreSQL has ended the transaction because it and another waited for each other. */
export function isDeadlock(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '40P01';
}

/** Class 22: a value that PostgreSQL cannot hold, such as a text with a NUL character. */
const DATA_EXCEPTION = '22';
/** Class 54: what is too large for an index, nested too deep, or too much of its kind. */
const LIMIT_EXCEEDED = '54';

/** Whether a statement failed by a value that it was given: it will always fail with that. */
export function isAboutValue(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  const reason = error instanceof GatewayError ? error.cause : error;
  if (!(reason instanceof DatabaseError)) return false;
  return [DATA_EXCEPTION, LIMIT_EXCEEDED].some((prefix) => reason.code?.startsWith(prefix));
}

/**
 * What a client may learn of a failed statement: 503 while the database is away, 400 for a value that cannot be stored,
 * otherwise the failure itself.
 */
export function storeError(error: unknown): unknown {
  if (error instanceof DatabaseError && error.code?.startsWith(DATA_EXCEPTION)) {
    return new GatewayError(
      'bad_request',
      'A value cannot be stored: it holds a NUL character or is out of range',
      {
        cause: error,
      },
    );
  }
  if (error instanceof GatewayError || !isUnavailable(error)) return error;
  return new GatewayError('database_unavailable', 'The database cannot be reached; try again in a moment', {
    headers: { 'retry-after': '5' },
    cause: error,
  });
}
