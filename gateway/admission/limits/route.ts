import type { GatewayError } from '../../http/errors.ts';
import type { Deployment } from '../../routing/deployment.ts';
import type { Granted, LimitStore, Refused } from './limit-store.ts';
import { limitReached } from './refusal.ts';

export interface RouteOptions {
  readonly store: LimitStore;
  /** Epoch milliseconds, for what clients are told. */
  readonly now: () => number;
  /** What the call may use. */
  readonly tokens: number;
}

/** How long a call waits for the room that a limit leaves; of one that depends on others nobody knows. */
const waitOf = ({ waitMs }: Refused): number => waitMs ?? 0;

/**
 * The way of one call through the deployments that may serve it: each is asked once, in their order, and those that have no
 * room by limits of their own are passed over. The call holds its place on the one that it is sent to until it is over.
 */
export class Route {
  readonly #options: RouteOptions;
  readonly #ahead: Deployment[];
  #place: Granted | null = null;
  #refused: Refused | null = null;
  #over = false;

  constructor(deployments: readonly Deployment[], options: RouteOptions) {
    this.#ahead = [...deployments];
    this.#options = options;
  }

  /** Gives up the place that the call holds, as though it had never been, and takes one further on; null when there is none. */
  next(): Deployment | null | Promise<Deployment | null> {
    this.#place?.cancel();
    this.#place = null;
    const { store, tokens } = this.#options;
    for (;;) {
      const deployment = this.#ahead.shift();
      if (deployment === undefined) return null;
      const taken = store.take(deployment.limits, tokens);
      if (taken instanceof Promise) {
        return taken.then((answer) => (this.#holds(answer) ? deployment : this.next()));
      }
      if (this.#holds(taken)) return deployment;
    }
  }

  #holds(taken: Granted | Refused): boolean {
    if (!taken.granted) {
      if (this.#refused === null || waitOf(taken) < waitOf(this.#refused)) this.#refused = taken;
      return false;
    }
    // The call was over before its place was found.
    if (this.#over) taken.cancel();
    else this.#place = taken;
    return true;
  }

  /** Why no deployment has room: the limit that leaves some first; null when none was in the way. */
  refusal(): GatewayError | null {
    return this.#refused && limitReached(this.#refused, this.#options.now());
  }

  /** The call is over, having used so many tokens; null when nobody knows. */
  finish(tokens: number | null): void {
    this.#over = true;
    this.#place?.settle(tokens);
    this.#place = null;
  }

  /** The call was never sent. */
  cancel(): void {
    this.#over = true;
    this.#place?.cancel();
    this.#place = null;
  }
}
