import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Timers } from '../../gateway/index.ts';

interface Entry {
  readonly at: number;
  readonly work: () => void;
}

/** A clock that only the test moves. */
export class ManualTimers implements Timers {
  #now: number;
  readonly #waiting = new Set<Entry>();
  /** Waits until everything that runs now has come to rest. */
  readonly #rest: () => Promise<void>;

  constructor(start = 0, rest: () => Promise<void> = nextTurn) {
    this.#now = start;
    this.#rest = rest;
  }

  now(): number {
    return this.#now;
  }

  /** How many timers are set. */
  get waiting(): number {
    return this.#waiting.size;
  }

  after(delayMs: number, work: () => void): () => void {
    const entry = { at: this.#now + delayMs, work };
    this.#waiting.add(entry);
    return () => void this.#waiting.delete(entry);
  }

  /** Moves the clock at once, as after a sleep of the machine: what is late runs with the next `pass`. */
  jump(spanMs: number): void {
    this.#now += spanMs;
  }

  /** Lets time pass; what is due runs in its order, with everything that follows from it. */
  async pass(spanMs: number, until: () => boolean = () => false): Promise<void> {
    const end = this.#now + spanMs;
    for (;;) {
      await this.#rest();
      if (until()) return;
      const [due] = [...this.#waiting].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (due === undefined) break;
      this.#waiting.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.work();
    }
    this.#now = end;
  }

  /** Forgets what waits, as the end of a process does. */
  stop(): void {
    this.#waiting.clear();
  }
}
