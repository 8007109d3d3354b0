import type { Meter, Position, Taken } from './meter.ts';

const SECOND = 1000;

/** The window of every rate limit: LiteLLM's 60 s. */
export const WINDOW_MS = 60 * SECOND;

/**
 * Entries that begin within this time share a slot, and leave the window together when the last of them does: 120 slots
 * at most, whatever the limit. Held too long is the safe side; what it takes from a client that sends evenly at exactly
 * its limit is less than 500 ms in 60 s, 0.83 %. One that sends more slowly than twice a second is counted to the entry.
 */
const SLOT_MS = SECOND / 2;

/**
 * What was counted in the last 60 s, at any moment and not only at full minutes. `now` is monotonic, in milliseconds, and
 * never less than at the call before.
 *
 * Slots are pairs of numbers (time of the last entry, amount) in one array, oldest first: an array of doubles is the
 * smallest thing that holds them.
 */
export class SlidingWindow implements Meter {
  #slots: number[] = [];
  /** Index of the oldest slot still inside the window. */
  #oldest = 0;
  /** Length of what was cut off the front of the array; makes positions outlive that. */
  #cut = 0;
  /** Time of the newest slot's first entry. */
  #openedAt = 0;
  #total = 0;

  /** Sum of what was counted since 60 s before `now`. */
  used(now: number): number {
    const slots = this.#slots;
    while (this.#oldest < slots.length && (slots[this.#oldest] as number) + WINDOW_MS <= now) {
      this.#total -= slots[this.#oldest + 1] as number;
      this.#oldest += 2;
    }
    if (this.#oldest * 2 > slots.length) this.#cutFront();
    return this.#total;
  }

  #cutFront(): void {
    this.#slots.splice(0, this.#oldest);
    this.#cut += this.#oldest;
    this.#oldest = 0;
  }

  isIdle(now: number): boolean {
    this.used(now);
    return this.#slots.length === 0;
  }

  take(now: number, amount: number): Position {
    this.used(now);
    const slots = this.#slots;
    this.#total += amount;
    if (slots.length > 0 && now - this.#openedAt < SLOT_MS) {
      slots[slots.length - 2] = now;
      slots[slots.length - 1] = (slots.at(-1) as number) + amount;
      return this.#cut + slots.length - 2;
    }
    this.#openedAt = now;
    // An array that begins empty and grows takes room for 17 numbers at once.
    if (slots.length === 0) this.#slots = [now, amount];
    else slots.push(now, amount);
    return this.#cut + this.#slots.length - 2;
  }

  /** Counts `actual` where `amount` was counted at `position`; nothing when that has left the window. */
  settle(now: number, { position, amount }: Taken, actual: number): void {
    this.used(now);
    const index = position - this.#cut;
    if (index < this.#oldest) return;
    this.#slots[index + 1] = (this.#slots[index + 1] as number) + actual - amount;
    this.#total += actual - amount;
  }

  waitMs(now: number, amount: number, limit: number): number {
    let over = this.used(now) + amount - limit;
    if (over <= 0) return 0;
    for (let index = this.#oldest; index < this.#slots.length; index += 2) {
      over -= this.#slots[index + 1] as number;
      if (over <= 0) return (this.#slots[index] as number) + WINDOW_MS - now;
    }
    return Number.POSITIVE_INFINITY;
  }
}
