import type { Granted, Limit, LimitScope } from './limit-store.ts';

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

interface HeaderNames {
  readonly limit: string;
  readonly remaining: string;
}

const rateTypes = ['requests', 'tokens'] as const;
type NamesByType = Readonly<Record<(typeof rateTypes)[number], HeaderNames>>;

function namesOf(prefix: string): NamesByType {
  const names = rateTypes.map((type) => [
    type,
    { limit: `${prefix}limit-${type}`, remaining: `${prefix}remaining-${type}` },
  ]);
  return Object.fromEntries(names) as NamesByType;
}

const scopeNames = {
  api_key: namesOf('x-ratelimit-api_key-'),
  user: namesOf('x-ratelimit-user-'),
  team: namesOf('x-ratelimit-team-'),
  team_member: namesOf('x-ratelimit-team_member-'),
  end_user: namesOf('x-ratelimit-end_user-'),
  model_per_key: namesOf('x-ratelimit-model_per_key-'),
  model_per_user: namesOf('x-ratelimit-model_per_user-'),
  model_per_team: namesOf('x-ratelimit-model_per_team-'),
  model_per_organization: namesOf('x-ratelimit-model_per_organization-'),
  organization: namesOf('x-ratelimit-organization-'),
  tag: namesOf('x-ratelimit-tag-'),
  deployment: namesOf('x-ratelimit-deployment-'),
  global: namesOf('x-ratelimit-global-'),
} as const satisfies Record<LimitScope, NamesByType>;
/** OpenAI's own names, under which its clients look for the limits of their key. */
const plainNames = namesOf('x-ratelimit-');

/** LiteLLM's headers of what is left: `x-ratelimit-api_key-limit-requests`, `-remaining-requests`, and tokens likewise. */
function headersOf(limits: readonly Limit[], remaining: readonly number[]): Readonly<Record<string, string>> {
  if (limits.length === 0) return NO_HEADERS;
  const headers: Record<string, string> = {};
  for (const [index, { scope, type, limit }] of limits.entries()) {
    if (type === 'max_parallel_requests') continue;
    for (const names of scope === 'api_key' ? [scopeNames[scope], plainNames] : [scopeNames[scope]]) {
      headers[names[type].limit] = String(limit);
      headers[names[type].remaining] = String(remaining[index]);
    }
  }
  return headers;
}

/**
 * A call that keeps all of its limits. Running -> finished; whoever finishes first decides.
 */
export class Admission {
  /** What the answer tells of the limits, as they stood when the call was admitted. */
  readonly headers: Readonly<Record<string, string>>;
  #granted: Granted | null;

  constructor(limits: readonly Limit[], granted: Granted) {
    this.headers = headersOf(limits, granted.remaining);
    this.#granted = granted;
  }

  /** The client has left: its parallel slots are free, while what it asked for may go on. */
  leave(): void {
    this.#granted?.leave();
  }

  /**
   * Frees the parallel slots and settles the tokens to `total_tokens`: 0 for a call that never reached a provider, null
   * when nobody knows what it used, so that the reservation stays.
   */
  finish(tokens: number | null): void {
    this.#granted?.settle(tokens);
    this.#granted = null;
  }

  /** The call was never made: nothing of it counts. */
  cancel(): void {
    this.#granted?.cancel();
    this.#granted = null;
  }
}
