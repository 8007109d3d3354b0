const SECOND = 1000;
/** How long what is remembered is believed after it was last known that no change was missed. */
const CERTAIN_MS = 5 * SECOND;

/** Whether what is remembered can be believed: every change of it up to a moment ago has been heard of. */
export class Certainty {
  #confirmedAt = Number.NEGATIVE_INFINITY;

  /** No change that was made by then (epoch milliseconds) was missed. */
  confirm(time: number): void {
    this.#confirmedAt = time;
  }

  /** A clock that was set back makes nothing certain. */
  holds(now: number): boolean {
    return Math.abs(now - this.#confirmedAt) < CERTAIN_MS;
  }
}
