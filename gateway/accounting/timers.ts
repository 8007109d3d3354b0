import type { Timers } from './batch-writer.ts';

/** The process's own clock and timers. */
export const systemTimers: Timers = {
  now: Date.now,
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
