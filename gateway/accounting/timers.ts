/** Waiting, as a thing that tests can hold in their hands. */
export interface Timers {
  now(): number;
  /** Calls `work` after `delayMs`; the returned function takes that back. */
  after(delayMs: number, work: () => void): () => void;
}

/** The process's own clock and timers. */
export const systemTimers: Timers = {
  now: Date.now,
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
