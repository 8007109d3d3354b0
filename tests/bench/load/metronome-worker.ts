/** The thread of the metronome: sleeps on a futex until each beat is due and tells when it was. */
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs, type Score } from './metronome.ts';

const neverWoken = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const { intervalMs, beats } = workerData as Score;
const start = monotonicMs() + intervalMs;

for (let beat = 0; beat < beats; beat++) {
  const dueMs = start + beat * intervalMs;
  const waitMs = dueMs - monotonicMs();
  if (waitMs > 0) Atomics.wait(neverWoken, 0, 0, waitMs);
  parentPort?.postMessage(dueMs);
}
