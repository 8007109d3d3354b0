import type { Pico } from '../../accounting/money.ts';

/**
 * `strict`: a call is admitted when all that it may cost fits. `compatible`: LiteLLM's rule, a call is admitted while
 * anything is left; what it may cost is set aside all the same, so that only one call crosses the line.
 */
export type Enforcement = 'strict' | 'compatible';

/** What a call asks for. Money is pico-dollars. */
export interface Want {
  readonly scopes: readonly string[];
  readonly enforcement: Enforcement;
  /** The most that the call can cost. */
  readonly bound: Pico;
  /** What the call can make do with: less than `bound` when its answer may be limited. */
  readonly minimum: Pico;
}

/** What one budget has for the calls of this process; `allocate` takes from it. */
export interface Room {
  readonly limit: Pico;
  /** Spent for certain: in spend rows, or settled in this process. */
  readonly spent: Pico;
  /** What other processes hold, whatever they do with it. */
  readonly elsewhere: Pico;
  /** Left for calls of this process, whether it holds it already or not. */
  left: Pico;
}

/** Why a call cannot be admitted. */
export interface Refusal {
  readonly scope: string;
  readonly spent: Pico;
  readonly limit: Pico;
  readonly bound: Pico;
}

export type Outcome =
  | { readonly kind: 'admitted'; readonly amount: Pico }
  /** Reservations stand in the way, here or elsewhere: it may fit later. `short` are the budgets that it is about. */
  | { readonly kind: 'blocked'; readonly refusal: Refusal; readonly short: readonly string[] }
  /** It does not fit whatever the reservations come to. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A call that would exhaust a budget and may be limited gets this part of what is left. */
const CUT = 4n;

/** What a call gets of `left`; undefined when it does not fit. */
function fitting({ enforcement, bound, minimum }: Want, left: Pico): Pico | undefined {
  if (left >= bound && (enforcement === 'strict' || left > 0n)) return bound;
  if (enforcement === 'compatible') return left > 0n ? bound : undefined;
  const cut = left / CUT;
  return minimum < bound && cut >= minimum ? cut : undefined;
}

function allocateOne(want: Want, rooms: ReadonlyMap<string, Room>, mayCut: boolean): Outcome {
  let amount = want.bound;
  let blocked: Refusal | undefined;
  const short: string[] = [];
  for (const scope of want.scopes) {
    const room = rooms.get(scope) as Room;
    const refusal = { scope, spent: room.spent, limit: room.limit, bound: want.bound };
    if (fitting(want, room.limit - room.spent) === undefined) return { kind: 'refused', refusal };
    const fits = fitting(want, room.left);
    if (fits === undefined || (fits < want.bound && room.elsewhere > 0n && !mayCut)) {
      blocked ??= refusal;
      short.push(scope);
    } else if (fits < amount) amount = fits;
  }
  return blocked === undefined ? { kind: 'admitted', amount } : { kind: 'blocked', refusal: blocked, short };
}

/**
 * Divides what is left among calls, in the order in which they came; one that does not fit does not hold up the next.
 * `mayCut` says whether a call may be limited already: not before others had time to give back what they do not need.
 */
export function allocate<W extends Want>(
  wants: readonly W[],
  rooms: ReadonlyMap<string, Room>,
  mayCut: (want: W) => boolean,
): Outcome[] {
  return wants.map((want) => {
    const outcome = allocateOne(want, rooms, mayCut(want));
    if (outcome.kind === 'admitted') {
      for (const scope of want.scopes) (rooms.get(scope) as Room).left -= outcome.amount;
    }
    return outcome;
  });
}
