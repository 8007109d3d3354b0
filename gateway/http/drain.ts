import { GatewayError } from './errors.ts';

/** What a client should wait before it tries again: the time of a restart. */
const RETRY_SECONDS = 5;

/**
 * Counts running calls and closes the door for new ones.
 * Open: calls enter and leave. Draining: none enters; `idle` resolves when the last one has left.
 */
export class Drain {
  #running = 0;
  #draining = false;
  #idle = Promise.withResolvers<void>();

  get draining(): boolean {
    return this.#draining;
  }

  get running(): number {
    return this.#running;
  }

  /** Throws GatewayError draining when the gateway is about to stop. */
  enter(): void {
    if (this.#draining) {
      throw new GatewayError('draining', 'The gateway is restarting; try again in a moment', {
        headers: { 'retry-after': String(RETRY_SECONDS) },
      });
    }
    this.#running++;
  }

  leave(): void {
    this.#running--;
    if (this.#draining && this.#running === 0) this.#idle.resolve();
  }

  /** Closes the door; resolves when no call runs any more. */
  begin(): Promise<void> {
    this.#draining = true;
    if (this.#running === 0) this.#idle.resolve();
    return this.#idle.promise;
  }
}
