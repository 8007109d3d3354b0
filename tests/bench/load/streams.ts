import { setTimeout as sleep } from 'node:timers/promises';
import type { Door } from '../peers/peer.ts';
import { EVENT_GAP_MS, EVENTS_PER_STREAM } from '../provider/answers.ts';
import { Pool } from './pool.ts';
import { requestBytes } from './request.ts';
import { StreamWatch } from './stream-watch.ts';

const STREAM_MS = EVENTS_PER_STREAM * EVENT_GAP_MS;
const DRAIN_MS = 5000;

export interface StreamsOptions<S> {
  readonly atOnce: number;
  readonly seconds: number;
  /** Taken when the window opens, with all streams running, and again when it closes. */
  readonly sample: () => S;
}

export interface StreamsResult<S> {
  /** Of streams that began within the window. */
  readonly firstEventMs: readonly number[];
  readonly worstGapMs: number;
  /** Events that arrived within the window. */
  readonly events: number;
  readonly before: S;
  readonly after: S;
  /** Over the whole run, warm-up included. */
  readonly started: number;
  readonly whole: number;
  readonly failures: readonly string[];
}

/**
 * Keeps a number of streams running: they begin evenly spread over one stream's length, each that ends is followed by
 * another, and the window opens when all run. Afterwards the last ones are waited for.
 */
class StreamLoad {
  readonly failures: string[] = [];
  readonly watches: StreamWatch[] = [];
  events = 0;
  whole = 0;
  running = 0;
  #stopped = false;
  readonly #pool: Pool;
  readonly #request: Buffer;

  constructor(door: Door) {
    this.#pool = new Pool(door.port);
    this.#request = requestBytes(door, true);
  }

  begin(): void {
    const watch = new StreamWatch(performance.now());
    this.watches.push(watch);
    this.running++;
    this.#pool.send(this.#request, {
      received: (body) => {
        this.events += watch.take(body, performance.now());
      },
      ended: (status) => this.#ended(watch, status),
      failed: (reason) => this.#next(reason),
    });
  }

  #ended(watch: StreamWatch, status: number): void {
    if (status !== 200) this.#next(`status ${status}`);
    else if (watch.events < EVENTS_PER_STREAM) this.#next(`a stream ended after ${watch.events} events`);
    else this.#next(undefined);
  }

  #next(failure: string | undefined): void {
    this.running--;
    if (failure === undefined) this.whole++;
    else this.failures.push(failure);
    // A refused stream is followed a little later, so that a broken server is not called in a tight loop.
    if (this.#stopped) return;
    if (failure === undefined) this.begin();
    else setTimeout(() => this.#stopped || this.begin(), EVENT_GAP_MS);
  }

  /** Begins no more streams and waits for those that run, but not for ever. */
  async drain(): Promise<void> {
    this.#stopped = true;
    const deadline = performance.now() + DRAIN_MS;
    while (this.running > 0 && performance.now() < deadline) await sleep(10);
    this.#pool.close();
  }
}

async function ramp(load: StreamLoad, atOnce: number): Promise<void> {
  const start = performance.now();
  for (let begun = 0; begun < atOnce; begun++) {
    const wait = start + (begun * STREAM_MS) / atOnce - performance.now();
    if (wait > 0) await sleep(wait);
    load.begin();
  }
}

/** Runs the streams and measures them within a window of the given length. */
export async function streams<S>(
  door: Door,
  { atOnce, seconds, sample }: StreamsOptions<S>,
): Promise<StreamsResult<S>> {
  const load = new StreamLoad(door);
  await ramp(load, atOnce);
  const [before, eventsBefore, opened] = [sample(), load.events, performance.now()];
  await sleep(seconds * 1000);
  const [after, events, closed] = [sample(), load.events - eventsBefore, performance.now()];
  await load.drain();
  const measured = load.watches.filter(({ startedMs }) => startedMs >= opened && startedMs < closed);
  return {
    firstEventMs: measured.map((watch) => watch.untilFirstMs(performance.now())),
    worstGapMs: measured.reduce((worst, watch) => Math.max(worst, watch.worstGapMs), 0),
    events,
    before,
    after,
    started: load.watches.length,
    whole: load.whole,
    failures: load.failures,
  };
}
