import { type Caller, SILENT } from '../caller.ts';
import type { Content } from './content/content.ts';
import type { Pico } from './money.ts';

/** A budget that a call's cost comes out of. */
export interface Charge {
  readonly scope: string;
  /** The process whose lease holds the money. */
  readonly processId: string;
  /** The part of the cost that the lease holds: all of it, unless the call cost more than was reserved. */
  readonly leased: Pico;
}

/** One finished call, as it becomes a row of "LiteLLM_SpendLogs". Times are epoch milliseconds. */
export interface SpendRecord {
  /** UUID that the gateway made for the call: a row is stored once under it. */
  readonly rowId: string;
  /** The provider's response id (`chatcmpl-...`), else the call id. */
  readonly requestId: string;
  readonly callId: string;
  readonly callType: 'acompletion';
  /** Hash of the key, or MASTER_KEY_ALIAS. */
  readonly apiKey: string;
  readonly keyAlias: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly agentId: string | null;
  readonly endUser: string | null;
  readonly spend: Pico;
  /** The budgets that the call was reserved in. */
  readonly charges: readonly Charge[];
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  /** Whether tokens and spend are the gateway's estimate, since the provider told none. */
  readonly estimated: boolean;
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
  /** All that the model is called, each once: by its caller, by aliases of the key and the team, and by the operator. */
  readonly modelNames: readonly string[];
  readonly provider: string;
  readonly apiBase: string;
  readonly requesterIp: string | null;
  readonly caller: Caller;
  /** Whether the call leaves a row; its cost counts in any case. */
  readonly logged: boolean;
  readonly status: 'success' | 'failure';
  readonly error: { readonly code: string; readonly class: string; readonly message: string } | null;
  /** What was said in the call; null where it is not kept. */
  readonly content: Content | null;
}

/**
 * The one seam through which calls reach the database: begun before they are sent, and finished or discarded before the
 * last byte of their answer is. What is begun and ends neither way becomes a row as well, once its process is dead.
 * `SpendJournal` says what holds.
 */
export interface SpendSink {
  /** Whether calls may begin. */
  accepting(): boolean;
  begin(call: SpendRecord): void;
  progress(call: SpendRecord): void;
  finish(call: SpendRecord): void;
  discard(rowId: string): void;
}

/** The row of a call of which nothing was heard after this record: its process ended, or the machine did. */
export function cutOff(call: SpendRecord): SpendRecord {
  const error = {
    code: '500',
    class: 'GatewayStopped',
    message: 'The gateway stopped before the call was over; its cost is an estimate',
  };
  return { ...call, status: 'failure', error };
}

/** A call without what a client or a provider has put into it: its cost must reach its key whatever they send. */
export function bare(call: SpendRecord): SpendRecord {
  const error = call.error && { ...call.error, message: '' };
  return {
    ...call,
    requestId: call.callId,
    endUser: null,
    usage: null,
    caller: SILENT,
    error,
    content: null,
  };
}
