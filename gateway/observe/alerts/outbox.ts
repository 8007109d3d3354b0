/** An alert that is to be sent now, by whoever has taken it. */
export interface TakenAlert {
  readonly id: string;
  readonly event: string;
  /** JSON, byte for byte as it is sent. */
  readonly body: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** This one included. */
  readonly attempts: number;
}

/** What became of an attempt. `at`: epoch milliseconds; of one that waits, when it is due again. */
export type Outcome =
  | { readonly state: 'delivered'; readonly at: number }
  | { readonly state: 'given_up' | 'waiting'; readonly at: number; readonly error: string };

/** Times are epoch milliseconds. */
export interface Taking {
  readonly now: number;
  /** Until then nobody else takes them; who ends without settling them leaves them to be sent again. */
  readonly heldUntil: number;
  readonly most: number;
}

/** Alerts that wait to be sent, which several processes share. */
export interface Outbox {
  /** Takes alerts that are due, the longest waiting first. */
  take(taking: Taking): Promise<readonly TakenAlert[]>;
  /** Says what became of an alert that was taken. */
  settle(id: string, outcome: Outcome): Promise<void>;
  /** Forgets alerts that were delivered or given up before an instant, in epoch milliseconds. */
  forget(beforeMs: number): Promise<void>;
}
