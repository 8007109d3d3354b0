import { setTimeout as pause } from 'node:timers/promises';

/** A signal that aborts when its time is up, unless it is disposed of before. */
export interface Limit extends Disposable {
  readonly signal: AbortSignal;
}

/** How time passes for whoever waits for a metadata service. */
export interface Clock {
  /** Between two attempts; rejects when `signal` aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  limit(ms: number): Limit;
}

export const systemClock: Clock = {
  pause: (ms, signal) => pause(ms, undefined, { signal }),
  limit(ms) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), ms);
    return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
