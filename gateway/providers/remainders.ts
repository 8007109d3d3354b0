import type { Timers } from '../accounting/timers.ts';
import { limits } from '../http/limits.ts';

const MINUTE = 60_000;
/** How long an answer is read that nobody waits for. */
const MOST_MS = 5 * MINUTE;
/** And how much of it. */
const MOST_BYTES = limits.bodyBytes;
/** So many answers at once: clients that ask and leave must not use up all connections. */
const MOST_AT_ONCE = 256;

/** What becomes of a provider's answer when its client has left: it is read for its usage, or ended at once. */
export type OnDisconnect = 'drain' | 'cancel';

export interface RemaindersOptions {
  readonly policy: OnDisconnect;
  readonly timers: Timers;
}

/** One answer that is read on. */
export class Remainder {
  readonly #cut: () => void;
  readonly #ended: () => void;
  #bytes = 0;

  constructor(cut: () => void, ended: () => void) {
    this.#cut = cut;
    this.#ended = ended;
  }

  /** Notes that so many more bytes have come; cuts an answer that is too long. */
  read(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MOST_BYTES) this.#cut();
  }

  end(): void {
    this.#ended();
  }
}

/** The answers that are read on without a client, each within limits of time and size. */
export class Remainders {
  readonly #options: RemaindersOptions;
  readonly #cuts = new Set<() => void>();
  #closed = false;

  constructor(options: RemaindersOptions) {
    this.#options = options;
  }

  /** Lets an answer be read on; null when it shall end at once. `cut` is called when it has to end early. */
  begin(cut: () => void): Remainder | null {
    const { policy, timers } = this.#options;
    if (policy === 'cancel' || this.#closed || this.#cuts.size >= MOST_AT_ONCE) return null;
    this.#cuts.add(cut);
    const cancelTimer = timers.after(MOST_MS, cut);
    return new Remainder(cut, () => {
      cancelTimer();
      this.#cuts.delete(cut);
    });
  }

  /** Cuts all of them, and lets none begin any more. */
  close(): void {
    this.#closed = true;
    for (const cut of [...this.#cuts]) cut();
  }
}
