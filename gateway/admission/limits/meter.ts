/** Where in a meter something was counted, for its correction. */
export type Position = number;

/** What one call counted on one meter. */
export interface Taken {
  readonly position: Position;
  readonly amount: number;
}

/** Counts one thing for one limit. `now` is monotonic, in milliseconds, and never less than at the call before. */
export interface Meter {
  /** Whether nothing is counted any more, so that the meter can be forgotten. */
  isIdle(now: number): boolean;
  /** How much of a limit is used up. */
  used(now: number): number;
  /**
   * Milliseconds until `amount` more fit under `limit` when nothing else happens: 0 when they do, Infinity when they never
   * will, null when nobody can tell.
   */
  waitMs(now: number, amount: number, limit: number): number | null;
  /** Counts `amount`; asks nobody whether that is within a limit. */
  take(now: number, amount: number): Position;
  /** Counts `actual` in the place of what was taken. */
  settle(now: number, taken: Taken, actual: number): void;
}
