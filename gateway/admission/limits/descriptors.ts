import type { Identity } from '../../identity/identity.ts';
import type { RateLimit } from '../../identity/key-limits.ts';
import type { OwnerLimits } from '../../identity/owner-limits.ts';
import { sameList } from '../../same-list.ts';
import { type Limit, type LimitScope, limitsOf } from './limit-store.ts';

/** Limits on single models, by the model's name. */
type ByModel = ReadonlyMap<string, readonly Limit[]>;

function ofModels(scope: LimitScope, owner: string, models: ReadonlyMap<string, RateLimit>): ByModel {
  return new Map(
    [...models].map(([model, limited]) => [model, limitsOf(scope, `${owner}:${model}`, limited)]),
  );
}

/** What limits on models are called of those who may have them; a member of a team has none. */
const modelScopes: Readonly<Partial<Record<OwnerLimits['scope'], LimitScope>>> = {
  user: 'model_per_user',
  team: 'model_per_team',
  organization: 'model_per_organization',
};

/** The limits of one caller. */
interface CallerLimits {
  /** Of the key, its user, its team and its member. */
  readonly own: readonly Limit[];
  readonly models: readonly ByModel[];
  readonly organization: readonly Limit[];
  /** What its last call was held to: most are like the one before. */
  last: {
    readonly models: readonly string[];
    readonly named: readonly Limit[];
    readonly all: readonly Limit[];
  };
}

const NO_CALL: CallerLimits['last'] = { models: [], named: [], all: [] };

function compile({ keyHash, limits, ownerLimits }: Identity): CallerLimits {
  const ofOwners = (which: (scope: LimitScope) => boolean) =>
    ownerLimits
      .filter(({ scope }) => which(scope))
      .flatMap((owner) => limitsOf(owner.scope, owner.id, owner.limits));
  const models = [
    ofModels('model_per_key', keyHash, limits.models),
    ...ownerLimits.flatMap(({ scope, id, models }) => {
      const named = modelScopes[scope];
      return named === undefined ? [] : [ofModels(named, id, models)];
    }),
  ];
  return {
    own: [...limitsOf('api_key', keyHash, limits), ...ofOwners((scope) => scope !== 'organization')],
    models: models.filter(({ size }) => size > 0),
    organization: ofOwners((scope) => scope === 'organization'),
    last: NO_CALL,
  };
}

/** What of a call decides which limits it must keep. */
export interface LimitedCall {
  readonly identity: Identity;
  /**
   * The name that the client asked for, and the group that it means; a limit on either counts, so that another name for a
   * model is no way around its limit.
   */
  readonly models: readonly string[];
  /** The limits of the customer whom the call names, and of its tags. */
  readonly named: readonly Limit[];
}

/** Which limits a call must keep: those of its caller, its customer, and the gateway. */
export class Descriptors {
  readonly #global: readonly Limit[];
  /** An identity is made anew when its key changes, or whom it acts for. */
  readonly #callers = new WeakMap<Identity, CallerLimits>();

  /** `globalParallel`: calls at the same time in the whole gateway; null without such a limit. */
  constructor(globalParallel: number | null) {
    this.#global = limitsOf('global', 'proxy', { parallel: globalParallel });
  }

  /** The limits of a call, in the order in which LiteLLM tells them. */
  of({ identity, models, named }: LimitedCall): readonly Limit[] {
    const caller = this.#caller(identity);
    const { own, organization, last } = caller;
    if (last !== NO_CALL && sameList(last.models, models) && sameList(last.named, named)) return last.all;
    const more = named.length + caller.models.length + organization.length + this.#global.length;
    if (more === 0) return own;
    const names = [...new Set(models)];
    const perModel = caller.models.flatMap((byModel) => names.flatMap((name) => byModel.get(name) ?? []));
    const all = [...own, ...named, ...perModel, ...organization, ...this.#global];
    caller.last = { models, named, all };
    return all;
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
