import type { Timers } from '../accounting/timers.ts';
import type { Call } from '../call.ts';
import { limits } from '../http/limits.ts';

const MINUTE = 60_000;
/** How long an answer is read that nobody waits for. */
const MOST_MS = 5 * MINUTE;
/** And how much of it. */
const MOST_BYTES = limits.bodyBytes;
/** So many answers at once: clients that ask and leave must not use up all connections. */
const MOST_AT_ONCE = 256;
/** Bytes of their requests together, which are held meanwhile: what an answer costs may have to be estimated from it. */
const MOST_HELD_BYTES = limits.bodyBytes;
/** One key has at most this part of both. */
const SHARE = 1 / 4;

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

/** What has to be known of a call whose answer is read on. */
export type Abandoned = Pick<Call, 'identity' | 'bound'>;

interface Reading {
  readonly call: Abandoned;
  readonly cut: () => void;
}

/** A prompt has at most as many tokens as its request has bytes. */
function bytesOf(readings: readonly Reading[]): number {
  return readings.reduce((sum, { call }) => sum + call.bound.prompt, 0);
}

/** The answers that are read on without a client, each within limits of time and size. */
export class Remainders {
  readonly #options: RemaindersOptions;
  readonly #readings = new Set<Reading>();
  #closed = false;

  constructor(options: RemaindersOptions) {
    this.#options = options;
  }

  /** Lets an answer be read on; null when it shall end at once. `cut` is called when it has to end early. */
  begin(call: Abandoned, cut: () => void): Remainder | null {
    const { policy, timers } = this.#options;
    if (policy === 'cancel' || this.#closed || !this.#hasRoom(call)) return null;
    const reading = { call, cut };
    this.#readings.add(reading);
    const cancelTimer = timers.after(MOST_MS, cut);
    return new Remainder(cut, () => {
      cancelTimer();
      this.#readings.delete(reading);
    });
  }

  #hasRoom({ identity, bound }: Abandoned): boolean {
    const all = [...this.#readings];
    const own = all.filter(({ call }) => call.identity.keyHash === identity.keyHash);
    // A place under its limit is free once a client has left: without this its key could have any number of answers made.
    const mostOwn = Math.min(SHARE * MOST_AT_ONCE, identity.limits.parallel ?? MOST_AT_ONCE);
    if (all.length >= MOST_AT_ONCE || own.length >= mostOwn) return false;
    const [held, heldOwn] = [bytesOf(all) + bound.prompt, bytesOf(own) + bound.prompt];
    return held <= MOST_HELD_BYTES && heldOwn <= SHARE * MOST_HELD_BYTES;
  }

  /** Cuts all of them, and lets none begin any more. */
  close(): void {
    this.#closed = true;
    for (const { cut } of [...this.#readings]) cut();
  }
}
