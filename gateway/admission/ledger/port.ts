import type { Pico } from '../../accounting/money.ts';

/** This process's lease of one budget: money that it may spend without asking. */
export interface Lease {
  /** All that it was ever given, less what it gave back. */
  readonly granted: Pico;
  /** The part of it that is in spend rows. */
  readonly stored: Pico;
}

/** A budget as it stands in the store while its row is locked. */
export interface BudgetRow {
  /** Null: nothing is limited. */
  readonly limit: Pico | null;
  /** When the limit falls, epoch milliseconds; null where it stays until somebody changes it. */
  readonly fallsAt: number | null;
  /** Cost of the stored calls of this period. */
  readonly spent: Pico;
  /** What all processes hold: granted to them and not stored yet. */
  readonly leased: Pico;
  /** Null: this process holds nothing. */
  readonly lease: Lease | null;
}

/** What this process wants to hold from now on, of each budget that it has looked at. */
export interface Decision {
  readonly granted: ReadonlyMap<string, Pico>;
  /** Budgets of which others are asked to give back what they do not need. */
  readonly wanted: readonly string[];
  /** Budgets of which others are told that there may be more now. */
  readonly freed: readonly string[];
}

/** Where budgets are kept, as one process sees it. Every method throws GatewayError database_unavailable. */
export interface BudgetStore {
  /**
   * Locks these budgets, begins their next period where it is due, lets `decide` say what this process shall hold, and
   * books that: all or nothing. `decide` runs at most once. After an error nobody knows whether it was booked.
   */
  exchange(
    scopes: readonly string[],
    now: number,
    decide: (budgets: ReadonlyMap<string, BudgetRow>) => Decision,
  ): Promise<void>;
  /** Says that this process lives, and will say so again before `expiresAt`. */
  heartbeat(expiresAt: number): Promise<void>;
  /**
   * Frees what dead processes held, and begins the periods that are due. Once `closing` is aborted it leaves the rest to others: it
   * may take minutes.
   */
  sweep(now: number, closing?: AbortSignal): Promise<void>;
  /** Says that this process ends. What it still holds stays leased until it is adopted. */
  leave(): Promise<void>;
}
