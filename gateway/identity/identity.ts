import type { IncomingHttpHeaders } from 'node:http';
import type { KeyLimits } from './key-limits.ts';

/** Name that stands for the master key where a key's hash would stand, as in LiteLLM 2026-H2. */
export const MASTER_KEY_ALIAS = 'litellm_proxy_master_key';

/** User id of the built-in admin. */
export const ADMIN_USER_ID = 'default_user_id';

/** Who is calling: the outcome of authentication, frozen, without any secret. */
export interface Identity {
  readonly kind: 'master' | 'virtual_key';
  readonly role: 'proxy_admin' | 'internal_user';
  /** Lower-case hex SHA-256 of the key; MASTER_KEY_ALIAS for the master key. */
  readonly keyHash: string;
  readonly keyAlias: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly agentId: string | null;
  /** Model names, wildcards or special members; empty means every model. */
  readonly models: readonly string[];
  readonly limits: KeyLimits;
  /** The budgets that every call of this key comes out of. */
  readonly budgets: readonly string[];
  /** USD spent by this key before this call, for `x-litellm-key-spend`. */
  readonly spend: number;
}

export interface Authenticator {
  /**
   * Finds out who is calling from the request's headers; answers without a promise when the key is cached.
   * Throws GatewayError: no_api_key, malformed_key, unknown_key, expired_key, blocked_key, database_unavailable.
   */
  authenticate(headers: IncomingHttpHeaders): Identity | Promise<Identity>;
}
