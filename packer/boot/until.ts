import { setTimeout as sleep } from 'node:timers/promises';

/** Thrown by an attempt that no further one can repair: the waiting ends at once. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}

/**
 * Repeats `attempt` until it stops throwing and returns its value. The deadline is there to end a wait that has become
 * pointless, not to measure: the error then says what was waited for and why the last attempt failed.
 */
export async function until<T>(what: string, deadlineMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (cause instanceof Hopeless) throw cause;
      if (performance.now() > deadline) {
        const seconds = Math.round(deadlineMs / 1000);
        throw new Error(`${what}: not within ${seconds} s; last: ${(cause as Error).message}`, { cause });
      }
      await sleep(500);
    }
  }
}
