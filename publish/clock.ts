import { setTimeout as sleep } from 'node:timers/promises';

/** Time, as publishing knows it; tests bring one that does not pass. */
export interface Clock {
  nowMs(): number;
  /** Rejects with the signal's reason when that comes first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal });
  },
};
