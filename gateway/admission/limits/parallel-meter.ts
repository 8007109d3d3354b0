import type { Meter, Position, Taken } from './meter.ts';

/** Calls that run now. A call that ends is settled to nought; when that will be, nobody can tell. */
export class ParallelMeter implements Meter {
  #running = 0;

  isIdle(): boolean {
    return this.#running === 0;
  }

  used(): number {
    return this.#running;
  }

  waitMs(_now: number, amount: number, limit: number): number | null {
    if (this.#running + amount <= limit) return 0;
    return amount > limit ? Number.POSITIVE_INFINITY : null;
  }

  take(_now: number, amount: number): Position {
    this.#running += amount;
    return 0;
  }

  settle(_now: number, { amount }: Taken, actual: number): void {
    this.#running += actual - amount;
  }
}
