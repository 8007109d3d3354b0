import type { Identity } from '../../identity/identity.ts';
import { type Limit, type LimitScope, newLimit } from './limit-store.ts';

/** The limits of one descriptor; what is left out, or null, is not limited. */
interface Limited {
  readonly requests?: number | null;
  readonly tokens?: number | null;
  readonly parallel?: number | null;
}

function limitsOf(
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

/** The limits of one caller. */
interface CallerLimits {
  readonly ofKey: readonly Limit[];
  readonly ofModels: ReadonlyMap<string, readonly Limit[]>;
}

function compile({ keyHash, limits }: Identity): CallerLimits {
  const ofModels = [...limits.models].map(
    ([model, limited]) => [model, limitsOf('model_per_key', `${keyHash}:${model}`, limited)] as const,
  );
  return { ofKey: limitsOf('api_key', keyHash, limits), ofModels: new Map(ofModels) };
}

/** Which limits a call must keep: those of its caller, and those of the gateway. */
export class Descriptors {
  readonly #global: readonly Limit[];
  /** An identity is made anew when its key changes. */
  readonly #callers = new WeakMap<Identity, CallerLimits>();

  /** `globalParallel`: calls at the same time in the whole gateway; null without such a limit. */
  constructor(globalParallel: number | null) {
    this.#global = limitsOf('global', 'proxy', { parallel: globalParallel });
  }

  /**
   * The limits of a call, in the order in which they are told. `models`: the name that the client asked for, and the group
   * that it means; a limit on either counts, so that another name for a model is no way around its limit.
   */
  of(identity: Identity, models: readonly string[]): readonly Limit[] {
    const { ofKey, ofModels } = this.#caller(identity);
    if (ofModels.size === 0 && this.#global.length === 0) return ofKey;
    return [...ofKey, ...[...new Set(models)].flatMap((model) => ofModels.get(model) ?? []), ...this.#global];
  }

  #caller(identity: Identity): CallerLimits {
    let caller = this.#callers.get(identity);
    if (caller === undefined) {
      caller = compile(identity);
      this.#callers.set(identity, caller);
    }
    return caller;
  }
}
