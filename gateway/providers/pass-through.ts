import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { StreamDrafts } from '../accounting/draft.ts';
import { estimatedUsage, textsOf } from '../accounting/estimate.ts';
import { settle, settleEstimate } from '../accounting/settle.ts';
import type { Timers } from '../accounting/timers.ts';
import type { TokenCounter } from '../accounting/token-counter.ts';
import type { Call } from '../call.ts';
import type { ClientReply, HeaderMap } from '../http/client-reply.ts';
import { CollectedBody } from '../http/collected-body.ts';
import type { GatewayError } from '../http/errors.ts';
import { toGatewayError } from '../http/failure.ts';
import { limits } from '../http/limits.ts';
import type { Logger } from '../observe/logger.ts';
import type { Deployment } from '../routing/deployment.ts';
import { passedHeaders } from './answer-headers.ts';
import { readChatAnswer } from './chat-answer.ts';
import {
  claimedStatus,
  connectionError,
  errorClass,
  garbled,
  neverSent,
  providerError,
} from './provider-errors.ts';
import type { Remainder, Remainders } from './remainders.ts';
import { SseSplice, StreamFault } from './sse-splice.ts';

const MAX_ERROR_BYTES = 1024 * 1024;
const CLIENT_CLOSED = 499;
/** How long tokens are counted of an answer that nobody gets: others may wait for the money that it holds. */
const HASTE_MS = 500;

/** What an answer is made of, to be counted: its texts, or about how many tokens. Null: it costs nothing. */
type Produced = readonly string[] | number | null;

/** What a call needs from its surface. */
export interface Passage {
  readonly call: Call;
  readonly client: ClientReply;
  /** The deployments that may serve the call, in the order to try them. */
  readonly deployments: readonly Deployment[];
  /** The request body for one of them. */
  readonly bodyFor: (deployment: Deployment) => Buffer;
  /** The messages, parsed; only for a call whose provider told no usage. */
  readonly messages: () => unknown;
  /** Our own headers of the answer, as the call stands. */
  readonly headers: (call: Call) => HeaderMap;
  /** Puts on record what the call costs if nothing more is heard of it, having sent so many tokens at most. */
  readonly draft: (call: Call, sent: number) => void;
  /** Called exactly once, when the call is over in whatever way, before the last byte of its answer is sent. */
  readonly finished: (call: Call) => void;
}

export interface PassThroughDeps {
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  /** For answers whose provider told no usage. */
  readonly counter: Pick<TokenCounter, 'count'>;
  readonly remainders: Remainders;
  readonly timers: Timers;
}

/**
 * Carries one call to a provider and its answer back, as undici's handler.
 *
 * Waiting for a head -> collecting (an error, or an answer that is not streamed) or streaming -> over -> recorded; the last
 * takes a moment where tokens must be counted. A deployment that could not be reached at all is followed by the next one;
 * nothing is sent twice otherwise. When the client leaves, the answer is read on as a remainder, or ended at once.
 */
export class PassThrough implements Dispatcher.DispatchHandler {
  readonly #deps: PassThroughDeps;
  readonly #passage: Passage;
  /** Null until the call is on its way: before that nobody has it. */
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #upstreamHeaders: IncomingHttpHeaders = {};
  #collected: CollectedBody | null = null;
  #stream: SseSplice | null = null;
  readonly #drafts: StreamDrafts;
  /** The client has left. */
  #gone = false;
  #remainder: Remainder | null = null;
  #over = false;
  #recorded = false;
  #whenRecorded: () => void = () => undefined;

  constructor(deps: PassThroughDeps, passage: Passage) {
    this.#deps = deps;
    this.#passage = passage;
    this.#drafts = new StreamDrafts(passage.call.startedAt, passage.call.bound.completion);
  }

  /** Sends the call to its current deployment. */
  start(): void {
    if (this.#over) return;
    this.#controller = null;
    const { call, bodyFor } = this.#passage;
    const { deployment, streamed } = call;
    const timeoutMs = streamed ? deployment.streamTimeoutMs : deployment.timeoutMs;
    this.#guarded(() => {
      this.#deps.dispatcher.dispatch(
        {
          origin: deployment.origin,
          path: deployment.chatPath,
          method: 'POST',
          headers: deployment.headers as string[],
          body: bodyFor(deployment),
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
        },
        this,
      );
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the call is over'));
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#over) return;
    this.#status = status;
    this.#upstreamHeaders = headers;
    if (status >= 300) {
      this.#collected = new CollectedBody(MAX_ERROR_BYTES);
      return;
    }
    const { call } = this.#passage;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      this.#fail(
        garbled(call.deployment.provider, `compressed its answer (${encoding}) although asked not to`),
      );
    } else if (!call.streamed) {
      this.#collected = new CollectedBody(limits.bodyBytes);
    } else if (!String(headers['content-type']).toLowerCase().startsWith('text/event-stream')) {
      this.#fail(garbled(call.deployment.provider, 'answered without a stream although asked for one'));
    } else {
      this.#stream = new SseSplice({ model: call.modelGroup, showUsage: call.showUsage });
    }
  }

  onResponseData(_controller: unknown, piece: Buffer): void {
    this.#remainder?.read(piece.length);
    if (this.#over) return;
    const stream = this.#stream;
    if (stream !== null) this.#guarded(() => this.#pass(stream, stream.push(piece)));
    else this.#collected?.push(piece);
  }

  /** Hands on a piece of a stream, of which it may be the last. */
  #pass(stream: SseSplice, piece: Buffer): void {
    const due = this.#drafts.due(stream.chunks, this.#deps.timers.now());
    if (due !== null) this.#passage.draft(this.#passage.call, due);
    if (stream.done) this.#complete(piece);
    else this.#forward(piece);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#guarded(() => {
      if (this.#status >= 300) this.#failAsProviderDid();
      else if (this.#stream !== null) this.#endStream(this.#stream);
      else this.#answer();
    });
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#over) return;
    const { call, deployments } = this.#passage;
    const next = deployments[call.retries + 1];
    if (this.#status === 0 && !this.#gone && next !== undefined && neverSent(error)) {
      call.retries++;
      call.deployment = next;
      this.#passage.draft(call, call.bound.completion);
      this.start();
      return;
    }
    this.#fail(connectionError(call.deployment.provider, error));
  }

  /** Runs a step of the answer; what it throws ends the call. */
  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(this.#asGatewayError(error));
    }
  }

  #asGatewayError(error: unknown): GatewayError {
    const { provider, apiKey } = this.#passage.call.deployment;
    if (!(error instanceof StreamFault)) {
      return toGatewayError(error, this.#passage.call.id, this.#deps.logger);
    }
    if (error.providerError === null) return garbled(provider, error.message, error);
    const status = claimedStatus(JSON.parse(error.providerError));
    return providerError({ status, text: `{"error":${error.providerError}}`, provider, apiKey });
  }

  #begin(): void {
    const { call, client, headers } = this.#passage;
    if (client.begun) return;
    call.firstByteAt = this.#deps.timers.now();
    client.begin({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      ...passedHeaders(this.#upstreamHeaders),
      ...headers(call),
    });
  }

  #forward(piece: Buffer): void {
    if (piece.length === 0 || this.#gone) return;
    const { client } = this.#passage;
    this.#begin();
    if (client.write(piece)) return;
    this.#controller?.pause();
    client.onDrain(() => this.#controller?.resume());
  }

  #endStream(stream: SseSplice): void {
    this.#complete(stream.end());
  }

  /** Ends the stream with its last piece, once the call is recorded. */
  #complete(last: Buffer): void {
    const { client } = this.#passage;
    if (!this.#gone) this.#begin();
    this.#succeed(
      () => this.#chunks,
      () => {
        client.write(last);
        client.end();
      },
    );
    // Nobody waits for the client any more: what the provider still sends is read, so that its connection can be used again.
    this.#controller?.resume();
  }

  /** A call whose client has left keeps that as its end. */
  #succeed(produced: () => Produced, tell: () => void): void {
    if (!this.#gone) this.#passage.call.status = 200;
    this.#finish(produced, tell);
  }

  get #chunks(): number {
    return this.#stream?.chunks ?? 0;
  }

  #answer(): void {
    const { call, client, headers } = this.#passage;
    const { provider, apiKey } = call.deployment;
    const collected = this.#collected as CollectedBody;
    if (collected.overflown) throw garbled(provider, `answered more than ${limits.bodyBytes} bytes`);
    const answer = readChatAnswer(collected.bytes(), { provider, apiKey, model: call.modelGroup });
    const now = this.#deps.timers.now();
    call.responseId = answer.responseId;
    settle(call, answer.usage);
    call.firstByteAt = now;
    call.endedAt = now;
    this.#succeed(
      () => textsOf(answer.choices()),
      () =>
        client.send(
          { 'content-type': 'application/json', ...passedHeaders(this.#upstreamHeaders), ...headers(call) },
          answer.body,
        ),
    );
  }

  #failAsProviderDid(): void {
    const { provider, apiKey } = this.#passage.call.deployment;
    if (this.#status < 400) throw garbled(provider, `answered with a redirect (${this.#status})`);
    const retryAfter = this.#upstreamHeaders['retry-after'];
    const headers = {
      ...passedHeaders(this.#upstreamHeaders),
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    };
    const text = (this.#collected as CollectedBody).bytes().toString();
    throw providerError({ status: this.#status, text, provider, apiKey, headers });
  }

  #fail(error: GatewayError): void {
    const { call, client, headers } = this.#passage;
    const tell = (): void => client.fail(error, headers(call));
    if (this.#over) {
      if (!this.#gone) tell();
    } else {
      if (!this.#gone) {
        const { status, message } = error;
        call.status = status;
        call.failure = { code: String(status), class: errorClass(status), message };
      }
      // A provider that fails is not paid for what it has read, but for what it has said.
      this.#finish(() => this.#chunks || null, tell, HASTE_MS);
    }
    this.#controller?.abort(error);
  }

  /**
   * The client has closed the connection: what the provider still sends is read for its usage, where that may be, or is
   * ended. `recorded` is called once the call is over and recorded.
   */
  clientGone(recorded: () => void): void {
    if (this.#recorded) {
      recorded();
      return;
    }
    this.#gone = true;
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
    if (this.#controller !== null) this.#remainder = this.#deps.remainders.begin(call, () => this.#cut());
    if (this.#remainder === null) this.#cut();
    else this.#controller?.resume();
  }

  /** Ends an answer that nobody waits for. A provider that is not about to refuse the call has read its prompt. */
  #cut(): void {
    if (this.#over) return;
    const read = this.#controller !== null && this.#status < 300;
    this.#finish(
      () => (read ? this.#chunks : null),
      () => undefined,
      HASTE_MS,
    );
    this.#controller?.abort(new Error('nobody waits for the answer'));
  }

  /**
   * The call is over: settles and records it, then tells the client, if it is still there. Where no usage was told, what was
   * `produced` is estimated.
   */
  #finish(produced: () => Produced, tell: () => void, hasteMs?: number): void {
    const { call } = this.#passage;
    this.#over = true;
    this.#remainder?.end();
    if (call.endedAt === 0) call.endedAt = this.#deps.timers.now();
    let unreported: Produced = null;
    try {
      this.#settleStream();
      if (call.usage === null) unreported = produced();
    } finally {
      if (unreported === null) this.#record(tell);
    }
    if (unreported === null) return;
    this.#estimate(unreported, hasteMs)
      .finally(() => this.#record(tell))
      .catch((error) => this.#passage.client.fail(this.#asGatewayError(error), {}));
  }

  #record(tell: () => void): void {
    const { call, finished } = this.#passage;
    this.#recorded = true;
    try {
      finished(call);
    } finally {
      this.#whenRecorded();
    }
    if (!this.#gone) tell();
  }

  #settleStream(): void {
    if (this.#stream === null) return;
    const { call } = this.#passage;
    call.responseId = this.#stream.responseId;
    settle(call, this.#stream.usage);
  }

  /** What was produced is billed also when nobody waited for its end. */
  async #estimate(completion: readonly string[] | number, hasteMs?: number): Promise<void> {
    const { call, messages } = this.#passage;
    const model = call.deployment.upstreamModel;
    const unreported = { model, messages: messages(), completion, hasteMs };
    settleEstimate(call, await estimatedUsage(unreported, this.#deps.counter));
  }
}
