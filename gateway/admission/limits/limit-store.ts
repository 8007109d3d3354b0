/** What a limit counts, as LiteLLM's 429 names it. */
export type LimitType = 'requests' | 'tokens' | 'max_parallel_requests';

/** Whom or what a limit may be about; LiteLLM's names, as they stand in headers and messages. */
export const limitScopes = [
  'api_key',
  'user',
  'team',
  'team_member',
  'end_user',
  'model_per_key',
  'model_per_user',
  'model_per_team',
  'model_per_organization',
  'organization',
  'tag',
  'deployment',
  'global',
] as const;

export type LimitScope = (typeof limitScopes)[number];

/** One limit that a call must keep: requests and tokens in any 60 s, or calls at the same time. */
export interface Limit {
  readonly scope: LimitScope;
  /** Which one of its scope: a key's hash, `hash:model`, `team:user` ... */
  readonly value: string;
  readonly type: LimitType;
  readonly limit: number;
  /** Its counter's name, LiteLLM's; the braces keep what belongs together on one node of a Redis cluster. */
  readonly counter: string;
}

/** The one maker of limits: their counters’ names are put together once, not for every call. */
export function newLimit(scope: LimitScope, value: string, type: LimitType, limit: number): Limit {
  return { scope, value, type, limit, counter: `{${scope}:${value}}:${type}` };
}

/** The limits of one descriptor; what is left out, or null, is not limited. */
export interface Limited {
  readonly requests?: number | null;
  readonly tokens?: number | null;
  readonly parallel?: number | null;
}

export function limitsOf(
  scope: LimitScope,
  value: string,
  { requests = null, tokens = null, parallel = null }: Limited,
): readonly Limit[] {
  const all = [
    ['requests', requests],
    ['tokens', tokens],
    ['max_parallel_requests', parallel],
  ] as const;
  return all.flatMap(([type, limit]) => (limit === null ? [] : [newLimit(scope, value, type, limit)]));
}

/** A call that was counted. */
export interface Granted {
  readonly granted: true;
  /** What is left of each limit, this call counted; in the limits' order. */
  readonly remaining: readonly number[];
  /** Frees its parallel slots before it is over. */
  leave(): void;
  /**
   * The call is over: frees its parallel slots and corrects its tokens to what it used, in the place of time where they
   * were reserved. Null leaves the reservation as it is. To be called once.
   */
  settle(tokens: number | null): void;
  /** The call was never made: takes back everything that was counted. */
  cancel(): void;
}

/** A call that was not counted, and the limit that stands in its way for longest. */
export interface Refused {
  readonly granted: false;
  readonly limit: Limit;
  readonly remaining: number;
  /** Milliseconds until the call fits when nothing else happens; Infinity when it never will, null when nobody can tell. */
  readonly waitMs: number | null;
}

/** Holds what is counted for all limits. */
export interface LimitStore {
  /** Whether it answers by promises. */
  readonly waits: boolean;
  /** Counts a call on all of its limits, or, when one of them is reached, on none: one atomic step. */
  take(limits: readonly Limit[], tokens: number): Granted | Refused | Promise<Granted | Refused>;
}

/** What one call counts on a limit of this type. */
export function amountOf(type: LimitType, tokens: number): number {
  return type === 'tokens' ? tokens : 1;
}
