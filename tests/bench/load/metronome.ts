import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Score {
  readonly intervalMs: number;
  readonly beats: number;
}

/** The clock that all threads share, in milliseconds. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Calls `beat` at a steady pace with the time at which each beat was due. Timers of the event loop are late by up
 * to a millisecond, which is more than a fast gateway needs; a thread that sleeps on a futex is late by microseconds.
 */
export async function keepTime(score: Score, beat: (dueMs: number) => void): Promise<void> {
  const worker = new Worker(new URL('metronome-worker.ts', import.meta.url), { workerData: score });
  worker.on('message', beat);
  await once(worker, 'exit');
}
