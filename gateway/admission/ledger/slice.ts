import type { Pico } from '../../accounting/money.ts';

const least = (one: Pico, other: Pico): Pico => (one < other ? one : other);

/**
 * What this process holds of one budget: granted = free + reserved + charged. Charged money is gone; a part of it is in
 * spend rows already, which changes nothing here.
 */
export class Slice {
  readonly scope: string;
  #granted: Pico = 0n;
  #reserved: Pico = 0n;
  #charged: Pico = 0n;
  /** An exchange about this budget is on its way: there is never more than one. */
  busy = false;
  /** The outcome of the last exchange is unknown: the store may hold more for this process than this says. */
  doubtful = false;
  /** The store knows nothing of it any more: what was reserved from it is covered by nothing. */
  lost = false;
  /** Whatever is free, the store is asked first: all that the limit allows is spent or reserved, or may be elsewhere. */
  mustAsk = false;
  /** From then on the store is asked first: less is allowed than when it was last asked. */
  fallsAt = Number.POSITIVE_INFINITY;
  usedAt: number;
  /** Until then somebody else needs money of this budget. */
  contendedUntil = 0;
  /** What is taken beside what is needed. */
  appetite: Pico = 0n;
  grownAt = 0;

  constructor(scope: string, now: number) {
    this.scope = scope;
    this.usedAt = now;
  }

  get granted(): Pico {
    return this.#granted;
  }

  /** What must stay granted. */
  get used(): Pico {
    return this.#reserved + this.#charged;
  }

  get charged(): Pico {
    return this.#charged;
  }

  get reserved(): Pico {
    return this.#reserved;
  }

  get free(): Pico {
    return this.#granted - this.#reserved - this.#charged;
  }

  /** Whether it should be refilled before a call has to wait for it. */
  get low(): boolean {
    return this.free < this.appetite / 2n;
  }

  reserve(amount: Pico): void {
    this.#reserved += amount;
  }

  /** Ends a reservation of `amount` at `cost`; returns the part of the cost that is covered by what is held. */
  settle(amount: Pico, cost: Pico): Pico {
    this.#reserved -= amount;
    if (this.lost) return 0n;
    const within = least(cost, amount);
    const spare = this.free - within;
    const beyond = spare > 0n ? least(cost - within, spare) : 0n;
    this.#charged += within + beyond;
    return within + beyond;
  }

  /** Holds `amount` from now on. */
  hold(amount: Pico): void {
    this.#granted = amount;
  }
}
