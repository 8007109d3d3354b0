import { endOf } from './duration.ts';

/** What a key can be given and be bounded by, under the names of `/key/generate`. */
export interface KeyParams {
  /** USD. */
  readonly max_budget?: number;
  readonly budget_duration?: string;
  readonly duration?: string;
  readonly max_parallel_requests?: number;
  readonly tpm_limit?: number;
  readonly rpm_limit?: number;
  /** Without a name: every model. */
  readonly models?: readonly string[];
}

/** The same as a request says it: null and empty values ask for no limit at all. */
export type AskedParams = { readonly [F in keyof KeyParams]?: KeyParams[F] | '' | null };

/** The duration of what never ends. */
export const NEVER = '-1';

/** When it ends that lasts so long; null for never. Throws GatewayError bad_request for what is no duration. */
export function expiryOf(duration: string | null | undefined, now: number): Date | null {
  return duration === NEVER ? null : endOf(duration, now);
}

function lastsLonger(asked: string, most: string, now: number): boolean {
  const [end, last] = [expiryOf(asked, now), expiryOf(most, now)];
  return last !== null && (end === null || end > last);
}

function isOver(field: keyof KeyParams, asked: AskedParams, ceilings: KeyParams, now: number): boolean {
  switch (field) {
    case 'duration':
    case 'budget_duration':
      return lastsLonger(asked[field] ?? '', ceilings[field] ?? '', now);
    case 'models': {
      const [names, all] = [asked.models || [], ceilings.models ?? []];
      return all.length > 0 && (names.length === 0 || names.some((name) => !all.includes(name)));
    }
    default: {
      const value = asked[field];
      return typeof value !== 'number' || value > (ceilings[field] ?? 0);
    }
  }
}

/**
 * The fields that are asked for and are over their ceilings. A field that is absent asks for nothing. `now`: epoch
 * milliseconds. Throws GatewayError bad_request for what is no duration.
 */
export function fieldsOver(
  asked: AskedParams,
  ceilings: KeyParams,
  now: number,
): readonly (keyof KeyParams)[] {
  const bounded = Object.keys(ceilings) as (keyof KeyParams)[];
  return bounded.filter((field) => asked[field] !== undefined && isOver(field, asked, ceilings, now));
}
