import type { Clock } from '../../../firstboot/index.ts';

/** A clock on which time passes only in pauses, and when the test says so. */
export class TestClock implements Clock {
  #now = 0;
  readonly #limits = new Map<AbortController, number>();

  get now(): number {
    return this.#now;
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    this.advance(ms);
    signal.throwIfAborted();
  }

  limit(ms: number): { readonly signal: AbortSignal } & Disposable {
    const controller = new AbortController();
    this.#limits.set(controller, this.#now + ms);
    return { signal: controller.signal, [Symbol.dispose]: () => void this.#limits.delete(controller) };
  }

  /** Everything whose time is up by then is told. */
  advance(ms: number): void {
    this.#now += ms;
    for (const [controller, until] of this.#limits) {
      if (until > this.#now) continue;
      this.#limits.delete(controller);
      controller.abort();
    }
  }
}
