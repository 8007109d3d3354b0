import type { Pico } from '../../accounting/money.ts';
import type { Charge } from '../../accounting/spend.ts';
import type { Slice } from './slice.ts';

/** Money set aside for one call in each of its budgets. It ends once: at its cost, or at nothing. */
export interface Reservation {
  /** Pico-dollars. */
  readonly amount: Pico;
  /** Ends it at what the call cost, and says what belongs into the call's spend row. A second end changes nothing. */
  settle(cost: Pico): readonly Charge[];
  /** What would belong into the row of the call, should it come to cost that without having ended here. */
  chargesFor(cost: Pico): readonly Charge[];
  /** Ends it at nothing. */
  release(): void;
}

export interface Keeper {
  readonly processId: string;
  /** Told of slices that have more free money than before. */
  released(slices: readonly Slice[]): void;
}

/** A reservation in the slices of this process. */
export class SliceReservation implements Reservation {
  readonly amount: Pico;
  readonly #slices: readonly Slice[];
  readonly #keeper: Keeper;
  #over = false;

  /** The slices have the amount reserved already. */
  constructor(amount: Pico, slices: readonly Slice[], keeper: Keeper) {
    this.amount = amount;
    this.#slices = slices;
    this.#keeper = keeper;
  }

  settle(cost: Pico): readonly Charge[] {
    if (this.#over) return [];
    this.#over = true;
    const { processId } = this.#keeper;
    const charges = this.#slices.map((slice) => ({
      scope: slice.scope,
      processId,
      leased: slice.settle(this.amount, cost),
    }));
    this.#keeper.released(this.#slices);
    return cost === 0n ? [] : charges;
  }

  chargesFor(cost: Pico): readonly Charge[] {
    const { processId } = this.#keeper;
    const leased = cost < this.amount ? cost : this.amount;
    return this.#slices.map(({ scope, lost }) => ({ scope, processId, leased: lost ? 0n : leased }));
  }

  release(): void {
    this.settle(0n);
  }
}
