import type { Call } from '../../call.ts';
import { GatewayError } from '../../http/errors.ts';
import type { Deployment } from '../../routing/deployment.ts';
import type { Limit } from './limit-store.ts';
import type { Limits } from './limits.ts';

/** A call that wants to be counted. */
export interface LimitedCall {
  readonly limits: readonly Limit[];
  /** What may serve it, in the order to try them. */
  readonly deployments: readonly Deployment[];
  readonly tokens: number;
}

/** Goes on with a value, at once where it is there. */
export function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/**
 * Counts a call on its limits and finds the deployment that it is sent to, which is noted on the call; a promise where
 * counters are kept elsewhere. Throws, or rejects with, GatewayError rate_limited or no_deployment: then it counts nowhere.
 */
export function enterCall(
  call: Call,
  { limits, deployments, tokens }: LimitedCall,
  door: Limits,
): void | Promise<void> {
  return after(door.admit(limits, { tokens }), (admission) => {
    const route = door.route(deployments, { tokens });
    call.admission = admission;
    call.route = route;
    return after(route.next(), (first) => {
      if (first !== null) {
        call.deployment = first;
        return;
      }
      admission.cancel();
      throw route.refusal() ?? new GatewayError('no_deployment', 'No deployments available for this model');
    });
  });
}
