/** Requests and tokens that are allowed in any 60 s; null where there is no limit. */
export interface RateLimit {
  readonly requests: number | null;
  readonly tokens: number | null;
}

/** What limits all calls of somebody together. */
export interface CallLimits extends RateLimit {
  /** Calls at the same time. */
  readonly parallel: number | null;
}

/** The limits of a key, or of a user, a team or an organisation. */
export interface KeyLimits extends CallLimits {
  /** Limits on single models, by the model's name. */
  readonly models: ReadonlyMap<string, RateLimit>;
}

/** The columns that every row with limits has. */
export interface CallLimitColumns {
  readonly rpm_limit: number | null;
  readonly tpm_limit: number | null;
  readonly max_parallel_requests: number | null;
}

/** What a row says of its limits: columns, and the members of `metadata` that LiteLLM keeps them in. */
export interface LimitColumns extends CallLimitColumns {
  readonly model_rpm_limit: unknown;
  readonly model_tpm_limit: unknown;
}

export const NO_LIMITS: KeyLimits = Object.freeze({
  requests: null,
  tokens: null,
  parallel: null,
  models: new Map(),
});

/** What a limit is that cannot be read as a number, as in a database that was taken over: null is none. */
type Unreadable = 0 | null;

function limitOf(value: unknown, unreadable: Unreadable): number | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  const limit = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(limit) ? limit : unreadable;
}

function byModel(limits: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof limits === 'object' && limits !== null ? Object.entries(limits) : []);
}

export function readCallLimits(columns: CallLimitColumns): CallLimits {
  return {
    requests: columns.rpm_limit,
    tokens: columns.tpm_limit,
    parallel: columns.max_parallel_requests,
  };
}

/**
 * Reads limits as a key has them, or whom it acts for. One on a model that is no number allows nothing, since LiteLLM has held
 * keys and teams to them; of users and organisations it held nobody to what their metadata say, and there it is none.
 */
export function readKeyLimits(columns: LimitColumns, unreadable: Unreadable = 0): KeyLimits {
  const requests = byModel(columns.model_rpm_limit);
  const tokens = byModel(columns.model_tpm_limit);
  const models = new Set([...requests.keys(), ...tokens.keys()]);
  return Object.freeze({
    ...readCallLimits(columns),
    models: new Map(
      [...models].map((model) => [
        model,
        {
          requests: limitOf(requests.get(model), unreadable),
          tokens: limitOf(tokens.get(model), unreadable),
        },
      ]),
    ),
  });
}
