/** A budget that a call's cost comes out of. */
export interface Charge {
  readonly scope: string;
  /** The process whose lease holds the money. */
  readonly processId: string;
  /** The part of the cost that the lease holds: all of it, unless the call cost more than was reserved. Pico-dollars. */
  readonly leased: string;
}

/** One finished call, as it becomes a row of "LiteLLM_SpendLogs". Times are epoch milliseconds, money is USD. */
export interface SpendRecord {
  /** The provider's response id (`chatcmpl-...`), else the call id. */
  readonly requestId: string;
  readonly callId: string;
  readonly callType: 'acompletion';
  /** Hash of the key, or MASTER_KEY_ALIAS. */
  readonly apiKey: string;
  readonly keyAlias: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly endUser: string | null;
  readonly spend: number;
  /** The budgets that the call was reserved in. */
  readonly charges: readonly Charge[];
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  /** The provider's usage object as it was sent; null when it sent none. */
  readonly usage: Readonly<Record<string, unknown>> | null;
  readonly startTime: number;
  /** First byte of the answer's body; equals endTime when the answer was not streamed. */
  readonly completionStartTime: number;
  readonly endTime: number;
  /** Provider's model name without prefix. */
  readonly model: string;
  readonly modelId: string;
  /** Public name that the caller asked for. */
  readonly modelGroup: string;
  readonly provider: string;
  readonly apiBase: string;
  readonly requesterIp: string | null;
  readonly status: 'success' | 'failure';
  readonly error: { readonly code: string; readonly class: string; readonly message: string } | null;
}

/**
 * The one seam through which finished calls reach the database. `record` never blocks and never throws;
 * `close` returns once everything recorded is stored, or the time is over.
 */
export interface SpendSink {
  record(call: SpendRecord): void;
  close(): Promise<void>;
}
