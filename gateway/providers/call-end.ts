import { estimatedUsage, type Produced } from '../accounting/estimate.ts';
import { settle, settleEstimate } from '../accounting/settle.ts';
import { NO_HEADERS, type WritableHeaders } from '../http/call-reply.ts';
import type { GatewayError } from '../http/errors.ts';
import { toGatewayError } from '../http/failure.ts';
import type { Passage, PassThroughDeps } from './passage.ts';
import { errorClass } from './provider-errors.ts';

const CLIENT_CLOSED = 499;
/** How long tokens are counted of an answer that nobody gets: others may wait for the money that it holds. */
const HASTE_MS = 500;

/** What is known of an answer at its end. */
export interface Outcome {
  readonly responseId: string | null;
  /** The provider's usage object, if it told one. */
  readonly usage: unknown;
  /** Asked for where it told none, to be counted. Null: the answer costs nothing. */
  readonly produced: () => Produced | null;
}

export type CallEndDeps = Pick<PassThroughDeps, 'counter' | 'logger' | 'timers'>;

/**
 * The end of a call, which comes once: its cost is settled, it is recorded, and then its client is told. Running -> over ->
 * recorded; the last takes a moment where tokens must be counted. The client may leave at any time, and is told nothing then.
 */
export class CallEnd {
  readonly #deps: CallEndDeps;
  readonly #passage: Passage;
  readonly #whenOver: () => void;
  #clientGone = false;
  #over = false;
  #recorded = false;
  #whenRecorded: () => void = () => undefined;

  /** `whenOver` is called before the call is settled. */
  constructor(deps: CallEndDeps, passage: Passage, whenOver: () => void) {
    this.#deps = deps;
    this.#passage = passage;
    this.#whenOver = whenOver;
  }

  /** Whether nothing that a provider sends makes a difference any more. */
  get over(): boolean {
    return this.#over;
  }

  get clientGone(): boolean {
    return this.#clientGone;
  }

  /**
   * The client has left, and that is how a call ends that still runs, whatever comes of its answer. `recorded` is called once
   * the call is recorded.
   */
  leave(recorded: () => void): void {
    if (this.#recorded) {
      recorded();
      return;
    }
    this.#clientGone = true;
    this.#whenRecorded = recorded;
    if (this.#over) return;
    const { call } = this.#passage;
    call.status = CLIENT_CLOSED;
    call.failure = {
      code: String(CLIENT_CLOSED),
      class: 'ClientDisconnected',
      message: 'The client closed the connection before the answer was complete',
    };
    call.admission?.leave();
  }

  succeed(outcome: Outcome, tell: () => void): void {
    if (!this.#clientGone) this.#passage.call.status = 200;
    this.#finish(outcome, tell);
  }

  /** Ends the call by an error; of one that comes after the end the client is told where it has heard nothing else. */
  fail(error: GatewayError, outcome: Outcome): void {
    const { call, client, tellHeaders } = this.#passage;
    const tell = (): void => {
      const headers: WritableHeaders = new Map();
      tellHeaders(call, headers);
      client.fail(error, headers);
    };
    if (this.#over) {
      if (!this.#clientGone) tell();
      return;
    }
    if (!this.#clientGone) {
      const { status } = error;
      const message = call.keeping.providerWords ? error.message : error.ownWords;
      call.status = status;
      call.failure = { code: String(status), class: errorClass(status), message };
    }
    this.#finish(outcome, tell, HASTE_MS);
  }

  /** Ends a call whose client has left. */
  abandon(outcome: Outcome): void {
    this.#finish(outcome, () => undefined, HASTE_MS);
  }

  #finish({ responseId, usage, produced }: Outcome, tell: () => void, hasteMs?: number): void {
    const { call, client } = this.#passage;
    this.#over = true;
    this.#whenOver();
    if (call.endedAt === 0) call.endedAt = this.#deps.timers.now();
    let unreported: Produced | null = null;
    try {
      call.responseId = responseId;
      settle(call, usage);
      if (call.usage === null) unreported = produced();
    } finally {
      if (unreported === null) this.#record(tell);
    }
    if (unreported === null) return;
    this.#estimate(unreported, hasteMs)
      .finally(() => this.#record(tell))
      .catch((error) => client.fail(toGatewayError(error, call.id, this.#deps.logger), NO_HEADERS));
  }

  /** What was produced is billed also when nobody waited for its end. */
  async #estimate(completion: Produced, hasteMs?: number): Promise<void> {
    const { call, messages } = this.#passage;
    const model = call.deployment.upstreamModel;
    const unreported = { model, messages: messages(), completion, hasteMs };
    settleEstimate(call, await estimatedUsage(unreported, this.#deps.counter));
  }

  #record(tell: () => void): void {
    const { call, finished } = this.#passage;
    this.#recorded = true;
    try {
      finished(call);
    } finally {
      this.#whenRecorded();
    }
    if (!this.#clientGone) tell();
  }
}
