import { setTimeout as sleep } from 'node:timers/promises';
import { readProcesses, type Usage, usageOf } from './proc.ts';

const QUIET_SHARE = 0.05;
const GLANCE_MS = 250;
const QUIET_DEADLINE_MS = 5000;

/** What a peer's own processes and its helpers use. */
export interface Reading {
  readonly own: Usage;
  readonly helpers: Usage;
}

/** Reads the use of one peer's processes. */
export class Meter {
  readonly #own: readonly number[];
  readonly #helpers: readonly number[];

  constructor(own: readonly number[], helpers: readonly number[]) {
    this.#own = own;
    this.#helpers = helpers;
  }

  read(): Reading {
    const all = readProcesses();
    return { own: usageOf(this.#own, all), helpers: usageOf(this.#helpers, all) };
  }

  /** Waits until start-up or an overload has passed, so that it is not charged to what is measured next. */
  async quiet(): Promise<void> {
    const deadline = performance.now() + QUIET_DEADLINE_MS;
    for (let busy = true; busy && performance.now() < deadline; ) {
      const [before, started] = [this.read().own.cpuMs, performance.now()];
      await sleep(GLANCE_MS);
      busy = this.read().own.cpuMs - before > QUIET_SHARE * (performance.now() - started);
    }
  }
}
