import { GatewayError } from '../http/errors.ts';
import { type Identity, UNBOUND } from './identity.ts';

/** LiteLLM's name for a key that could not be looked up. */
const UNCHECKED = 'failed-to-connect-to-db';

/**
 * Whoever calls with a key that nobody remembers, while the database is away and the operator serves all the same: it may
 * call models and nothing else.
 */
export const uncheckedIdentity: Identity = Object.freeze({
  kind: 'virtual_key',
  role: 'internal_user',
  keyHash: UNCHECKED,
  keyAlias: null,
  userId: null,
  ...UNBOUND,
  allowedRoutes: Object.freeze(['llm_api_routes']),
  // What its key and team want is not known.
  redacted: true,
  spend: 0,
});

/** Whether something failed because the database is away. */
export function isOutage(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'database_unavailable';
}
