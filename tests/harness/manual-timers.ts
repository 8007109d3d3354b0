import { setImmediate as nextTurn } from 'node:timers/promises';

/** A clock that only the test moves; it does for `Timers`. */
export class ManualTimers {
  #now = 0;
  #waiting: { readonly at: number; readonly work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, work: () => void): () => void {
    const entry = { at: this.#now + delayMs, work };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  /** Lets time pass; what is due runs in its order, with everything that follows from it. */
  async pass(spanMs: number): Promise<void> {
    const end = this.#now + spanMs;
    for (;;) {
      await nextTurn();
      const due = this.#waiting.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== due);
      this.#now = due.at;
      due.work();
    }
    this.#now = end;
  }

  /** Forgets what waits, as the end of a process does. */
  stop(): void {
    this.#waiting = [];
  }
}
