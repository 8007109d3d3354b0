import type { Pico } from '../../accounting/money.ts';
import { budgetExceeded, budgetGone } from '../budget-exceeded.ts';
import { allocate, type Room } from './allocate.ts';
import type { BudgetRow, Decision } from './port.ts';
import { type Keeper, SliceReservation } from './reservation.ts';
import type { Slice } from './slice.ts';
import type { Queue, Waiter } from './waiting.ts';

const SECOND = 1000;
/** How long others have to give back what they do not need before a call is limited instead. */
export const GRACE_MS = SECOND / 10;
/** Beside what is needed a process takes no more than this part of what is left: others want to spend too. */
const SHARE = 16n;
/** How much is taken beside the first call, in calls of its size. */
const FIRST_APPETITE = 32n;
/** More than anybody can spend: 10^18 USD. */
const UNLIMITED: Pico = 10n ** 30n;

const most = (one: Pico, other: Pico): Pico => (one > other ? one : other);
const least = (one: Pico, other: Pico): Pico => (one < other ? one : other);

/** What a budget has for this process, from its row and from what the process knows. */
export function roomOf(slice: Slice, { limit, spent, leased, lease }: BudgetRow): Room {
  const stored = lease?.stored ?? 0n;
  const elsewhere = leased - (lease === null ? 0n : lease.granted - stored);
  const ceiling = limit ?? UNLIMITED;
  const settled = spent + slice.charged - stored;
  return { limit: ceiling, spent: settled, elsewhere, left: ceiling - settled - elsewhere - slice.reserved };
}

export interface ExchangeOptions {
  readonly slices: readonly Slice[];
  /** Whose calls are looked at; undefined when nobody waits. */
  readonly queue: Queue | undefined;
  /** Whether all that is free goes back. */
  readonly givesBack: boolean;
  /** Whether nothing of a budget may be held that is not needed. */
  readonly exact: (slice: Slice) => boolean;
  readonly now: number;
  readonly keeper: Keeper;
}

/** One look at some budgets under their locks, what it decides, and what becomes of it. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #admitted: { readonly waiter: Waiter; readonly amount: Pico }[] = [];
  /** What is held once it is booked, of the slices that grow. */
  readonly #grown = new Map<Slice, Pico>();
  /** Slices whose lease ends with this exchange: all that they held is in spend rows. */
  readonly #ended: Slice[] = [];
  /** Slices of which the store knows nothing any more. */
  readonly over: Slice[] = [];

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** What this process shall hold. Money that goes back is given up at once, money that comes counts once it is booked. */
  decide(rows: ReadonlyMap<string, BudgetRow>): Decision {
    const { slices, queue } = this.#options;
    for (const slice of slices) if (isLost(slice, rows.get(slice.scope))) this.#lose(slice);
    const kept = slices.filter(({ lost }) => !lost);
    const rooms = new Map(
      kept.map((slice) => [slice.scope, roomOf(slice, rows.get(slice.scope) as BudgetRow)]),
    );
    const short = queue === undefined ? [] : this.#serve(queue, rooms, rows);
    const granted = new Map<string, Pico>();
    const freed: string[] = [];
    for (const slice of kept) {
      const { lease, fallsAt } = rows.get(slice.scope) as BudgetRow;
      const { left } = rooms.get(slice.scope) as Room;
      const target = this.#target(slice, left);
      slice.mustAsk = left < 0n;
      slice.fallsAt = fallsAt ?? Number.POSITIVE_INFINITY;
      granted.set(slice.scope, target);
      if (target > slice.granted) this.#grown.set(slice, target);
      else slice.hold(target);
      if (target < (lease?.granted ?? 0n)) freed.push(slice.scope);
      if (target === (lease?.stored ?? 0n)) this.#ended.push(slice);
    }
    return {
      granted,
      wanted: this.#wanted(short, rooms),
      freed: freed.filter((scope) => this.#isExact(scope)),
    };
  }

  /** Others hear of what is short here, and of what a call has just crossed the limit of: they ask before they spend. */
  #wanted(short: readonly string[], rooms: ReadonlyMap<string, Room>): string[] {
    const crossed = this.#admitted.length === 0 ? [] : [...rooms].filter(([, { left }]) => left < 0n);
    const wanted = new Set([...short, ...crossed.map(([scope]) => scope)]);
    return [...wanted].filter((scope) => (rooms.get(scope) as Room).elsewhere > 0n);
  }

  #isExact(scope: string): boolean {
    const { slices, exact } = this.#options;
    return slices.some((slice) => slice.scope === scope && exact(slice));
  }

  #lose(slice: Slice): void {
    slice.lost = true;
    this.over.push(slice);
  }

  /** Looks at the calls that wait; returns the budgets that are short. */
  #serve(
    queue: Queue,
    rooms: ReadonlyMap<string, Room>,
    rows: ReadonlyMap<string, BudgetRow>,
  ): readonly string[] {
    const { slices, now } = this.#options;
    const gone = queue.scopes.find((scope) => !rows.has(scope));
    if (gone !== undefined) for (const waiter of queue.waiters) waiter.refuse(budgetGone(gone));
    // What was lost is looked at again, as a slice that begins at nothing.
    queue.parked = rooms.size === queue.scopes.length;
    if (!queue.parked) return [];
    queue.short.clear();
    const waiters = [...queue.waiters];
    const mayCut = ({ blockedAt }: Waiter): boolean => blockedAt !== undefined && now - blockedAt >= GRACE_MS;
    for (const [index, outcome] of allocate(waiters, rooms, mayCut).entries()) {
      const waiter = waiters[index] as Waiter;
      if (outcome.kind === 'refused') waiter.refuse(budgetExceeded(outcome.refusal));
      else if (outcome.kind === 'blocked') {
        waiter.block(outcome.refusal, now);
        if (waiter.waiting) for (const scope of outcome.short) queue.short.add(scope);
      } else {
        this.#admitted.push({ waiter, amount: outcome.amount });
        for (const slice of slices) this.#use(slice, outcome.amount);
      }
    }
    return [...queue.short];
  }

  #use(slice: Slice, amount: Pico): void {
    const { now } = this.#options;
    slice.reserve(amount);
    slice.usedAt = now;
    slice.appetite = most(slice.appetite, FIRST_APPETITE * amount);
  }

  #target(slice: Slice, left: Pico): Pico {
    const { queue, givesBack, exact, now } = this.#options;
    const spare = most(left, 0n);
    if (givesBack) slice.appetite = 0n;
    if (givesBack || exact(slice) || queue?.short.has(slice.scope)) return slice.used;
    if (slice.free >= 0n && !slice.low) return slice.used + least(slice.free, spare);
    const share = spare / SHARE;
    // A slice that lasted less than a second was too small.
    const wished = now - slice.grownAt < SECOND ? slice.appetite * 2n : slice.appetite;
    slice.appetite = least(wished, share);
    slice.grownAt = now;
    // Near the limit nothing is taken beside what is needed.
    const beside = share < -slice.free ? 0n : slice.appetite;
    return slice.used + least(most(beside, slice.free), spare);
  }

  /** It is booked. */
  commit(): void {
    const { slices, keeper } = this.#options;
    for (const slice of slices) slice.doubtful = false;
    for (const [slice, amount] of this.#grown) slice.hold(amount);
    this.over.push(...this.#ended);
    for (const { waiter, amount } of this.#admitted)
      waiter.admit(new SliceReservation(amount, slices, keeper));
  }

  /** Nobody knows whether it is booked. */
  fail(error: unknown): void {
    const { slices, queue } = this.#options;
    for (const slice of slices) slice.doubtful = true;
    for (const { amount } of this.#admitted) for (const slice of slices) slice.reserve(-amount);
    for (const waiter of queue?.waiters ?? []) waiter.refuse(error);
  }
}

/** Whether the store has no budget of this name, or does not know any more that this process holds something of it. */
function isLost(slice: Slice, row: BudgetRow | undefined): boolean {
  return row === undefined || (row.lease === null && slice.granted > 0n);
}
