import { setTimeout as sleep } from 'node:timers/promises';
import type { Door } from '../peers/peer.ts';
import { keepTime, monotonicMs } from './metronome.ts';
import { Pool } from './pool.ts';
import { requestBytes } from './request.ts';

/** A server that has fallen this far behind cannot hold the rate; more connections would only measure the kernel. */
const MAX_OPEN = 1000;
const GRACE_MS = 2000;

export interface FixedRateOptions {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface FixedRateResult {
  /** From the moment at which each answered request was due, not from when it was sent. */
  readonly latenciesMs: readonly number[];
  readonly due: number;
  readonly failures: readonly string[];
}

/**
 * Sends at a fixed rate, whether earlier requests were answered or not: a server that stalls is charged for all
 * the requests that were due meanwhile.
 */
export async function fixedRate(
  door: Door,
  { perSecond, seconds }: FixedRateOptions,
): Promise<FixedRateResult> {
  const request = requestBytes(door, false);
  const pool = new Pool(door.port);
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  const beats = Math.round(perSecond * seconds);
  const send = (dueMs: number): void => {
    if (pool.size >= MAX_OPEN) {
      failures.push(`${MAX_OPEN} requests are waiting`);
      return;
    }
    pool.send(request, {
      ended: (status) => {
        if (status === 200) latenciesMs.push(monotonicMs() - dueMs);
        else failures.push(`status ${status}`);
      },
      failed: (reason) => failures.push(reason),
    });
  };
  await keepTime({ intervalMs: 1000 / perSecond, beats }, send);
  const deadline = monotonicMs() + GRACE_MS;
  while (latenciesMs.length + failures.length < beats && monotonicMs() < deadline) await sleep(5);
  pool.close();
  return { latenciesMs, due: beats, failures };
}
