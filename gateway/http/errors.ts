/**
 * One row per way a request can fail in the gateway. `status`, `type` and `param` follow LiteLLM's envelope
 * (`{"error": {"message", "type", "param", "code"}}`, `code` being the status as a string).
 */
export const errorTable = {
  sign_in_refused: { status: 401, type: 'auth_error', param: 'invalid_credentials' },
  link_refused: { status: 401, type: 'auth_error', param: 'None' },
  no_api_key: { status: 401, type: 'auth_error', param: 'None' },
  malformed_key: { status: 401, type: 'auth_error', param: 'None' },
  unknown_key: { status: 401, type: 'token_not_found_in_db', param: 'key' },
  expired_key: { status: 401, type: 'expired_key', param: null },
  blocked_key: { status: 401, type: 'auth_error', param: 'None' },
  blocked_team: { status: 401, type: 'auth_error', param: 'None' },
  blocked_end_user: { status: 401, type: 'auth_error', param: 'None' },
  user_required: { status: 401, type: 'auth_error', param: 'user' },
  admin_only: { status: 401, type: 'auth_error', param: 'None' },
  forbidden: { status: 403, type: 'auth_error', param: 'None' },
  address_refused: { status: 403, type: 'auth_error', param: 'None' },
  model_access_denied: { status: 403, type: 'key_model_access_denied', param: 'model' },
  team_model_access_denied: { status: 403, type: 'team_model_access_denied', param: 'model' },
  user_model_access_denied: { status: 403, type: 'user_model_access_denied', param: 'model' },
  organization_model_access_denied: { status: 403, type: 'org_model_access_denied', param: 'model' },
  member_permission: { status: 401, type: 'team_member_permission_error', param: 'None' },
  already_in_team: { status: 400, type: 'team_member_already_in_team', param: 'user_id' },
  unknown_model: { status: 400, type: 'invalid_request_error', param: null },
  inactive_model: { status: 400, type: 'invalid_request_error', param: 'model' },
  operator_only: { status: 401, type: 'auth_error', param: null },
  bad_request: { status: 400, type: 'invalid_request_error', param: null },
  not_enforced: { status: 400, type: 'bad_request_error', param: null },
  not_found: { status: 404, type: 'not_found_error', param: null },
  method_not_allowed: { status: 405, type: 'invalid_request_error', param: null },
  too_large: { status: 413, type: 'invalid_request_error', param: null },
  request_too_large: { status: 400, type: 'bad_request_error', param: 'content-length' },
  answer_too_large: { status: 400, type: 'bad_request_error', param: 'content-length' },
  validation: { status: 422, type: 'validation_error', param: null },
  rate_limited: { status: 429, type: 'throttling_error', param: null },
  budget_exceeded: { status: 429, type: 'budget_exceeded', param: null },
  unpriced_model: { status: 400, type: 'invalid_request_error', param: 'model' },
  no_deployment: { status: 429, type: 'all_deployments_in_cooldown', param: null },
  not_built: { status: 501, type: 'not_implemented_error', param: null },
  upstream: { status: 502, type: 'internal_server_error', param: null },
  upstream_timeout: { status: 408, type: 'invalid_request_error', param: null },
  database_unavailable: { status: 503, type: 'no_db_connection', param: 'None' },
  reports_busy: { status: 503, type: 'service_unavailable', param: null },
  no_space: { status: 503, type: 'service_unavailable', param: null },
  no_default_budget: { status: 503, type: 'service_unavailable', param: 'user' },
  draining: { status: 503, type: 'service_unavailable', param: null },
  switched_off: { status: 500, type: 'internal_server_error', param: null },
  internal: { status: 500, type: 'internal_server_error', param: null },
} as const satisfies Record<string, { status: number; type: string; param: string | null }>;

export type ErrorCode = keyof typeof errorTable;

export interface GatewayErrorOptions {
  /** Overrides the row's `param`. */
  readonly param?: string | null;
  /** Overrides the row's HTTP status, for an error that a provider sent. */
  readonly status?: number;
  /** Overrides the row's `type`. */
  readonly type?: string;
  /** Extra response headers, for example `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The provider's own error, shown beside `code`. */
  readonly providerSpecificFields?: Readonly<Record<string, unknown>>;
  /** The message in words of ours, where it is somebody else's: those may quote what the client has sent. */
  readonly ownWords?: string;
  readonly cause?: unknown;
}

export interface ErrorEnvelope {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
    readonly provider_specific_fields?: Readonly<Record<string, unknown>>;
  };
}

/**
 * A failure that a client may see. `message` is fit for the client, `ownWords` for what outlives its call; what only the log may
 * hold is the `cause`.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly providerSpecificFields: Readonly<Record<string, unknown>> | undefined;
  readonly ownWords: string;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const row = errorTable[code];
    this.code = code;
    this.status = options.status ?? row.status;
    this.type = options.type ?? row.type;
    this.param = options.param === undefined ? row.param : options.param;
    this.headers = options.headers ?? {};
    this.providerSpecificFields = options.providerSpecificFields;
    this.ownWords = options.ownWords ?? message;
  }

  /** The body that a client gets. */
  envelope(): ErrorEnvelope {
    return {
      error: {
        message: this.message,
        type: this.type,
        param: this.param,
        code: String(this.status),
        ...(this.providerSpecificFields && { provider_specific_fields: this.providerSpecificFields }),
      },
    };
  }
}
