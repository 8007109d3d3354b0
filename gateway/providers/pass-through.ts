import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { StreamDrafts } from '../accounting/draft.ts';
import { estimateCompletionTokens, estimatedUsage } from '../accounting/estimate.ts';
import { settle } from '../accounting/settle.ts';
import type { Tokenizers } from '../accounting/tokenizer.ts';
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
import { SseSplice, StreamFault } from './sse-splice.ts';

const MAX_ERROR_BYTES = 1024 * 1024;
const CLIENT_CLOSED = 499;

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
  /** For answers whose provider told no usage; what calls have loaded of them is used. */
  readonly tokenizers: Pick<Tokenizers, 'loaded'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Carries one call to a provider and its answer back, as undici's handler.
 *
 * Waiting for a head -> collecting (an error, or an answer that is not streamed) or streaming -> over.
 * A deployment that could not be reached at all is followed by the next one; nothing is sent twice otherwise.
 * A client that leaves ends the provider's answer at once.
 */
export class PassThrough implements Dispatcher.DispatchHandler {
  readonly #deps: PassThroughDeps;
  readonly #passage: Passage;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #upstreamHeaders: IncomingHttpHeaders = {};
  #collected: CollectedBody | null = null;
  #stream: SseSplice | null = null;
  readonly #drafts: StreamDrafts;
  #over = false;

  constructor(deps: PassThroughDeps, passage: Passage) {
    this.#deps = deps;
    this.#passage = passage;
    this.#drafts = new StreamDrafts(passage.call.startedAt, passage.call.bound.completion);
  }

  /** Sends the call to its current deployment. */
  start(): void {
    if (this.#over) return;
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
    if (this.#over) return;
    const stream = this.#stream;
    if (stream !== null) this.#guarded(() => this.#pass(stream, stream.push(piece)));
    else this.#collected?.push(piece);
  }

  /** Hands on a piece of a stream, of which it may be the last. */
  #pass(stream: SseSplice, piece: Buffer): void {
    const due = this.#drafts.due(stream.chunks, this.#deps.now());
    if (due !== null) this.#passage.draft(this.#passage.call, due);
    this.#forward(piece);
    if (stream.done) this.#complete();
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
    if (this.#status === 0 && next !== undefined && neverSent(error)) {
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

  #forward(piece: Buffer): void {
    if (piece.length === 0) return;
    const { call, client, headers } = this.#passage;
    if (!client.begun) {
      call.firstByteAt = this.#deps.now();
      client.begin({
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
        ...passedHeaders(this.#upstreamHeaders),
        ...headers(call),
      });
    }
    if (client.write(piece)) return;
    this.#controller?.pause();
    client.onDrain(() => this.#controller?.resume());
  }

  #endStream(stream: SseSplice): void {
    this.#forward(stream.end());
    this.#complete();
  }

  #complete(): void {
    const { call, client } = this.#passage;
    call.status = 200;
    this.#finish();
    client.end();
    // Nobody waits for the client any more: what the provider still sends is read, so that its connection can be used again.
    this.#controller?.resume();
  }

  #answer(): void {
    const { call, client, headers } = this.#passage;
    const { provider, apiKey } = call.deployment;
    const collected = this.#collected as CollectedBody;
    if (collected.overflown) throw garbled(provider, `answered more than ${limits.bodyBytes} bytes`);
    const answer = readChatAnswer(collected.bytes(), { provider, apiKey, model: call.modelGroup });
    const now = this.#deps.now();
    call.responseId = answer.responseId;
    settle(call, answer.usage);
    if (call.usage === null) {
      this.#settleEstimate(estimateCompletionTokens(answer.choices(), this.#tokenizer()));
    }
    call.firstByteAt = now;
    call.endedAt = now;
    call.status = 200;
    this.#finish();
    client.send(
      { 'content-type': 'application/json', ...passedHeaders(this.#upstreamHeaders), ...headers(call) },
      answer.body,
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
    if (!this.#over) {
      call.status = error.status;
      call.failure = { code: String(error.status), class: errorClass(error.status), message: error.message };
      this.#finish();
    }
    client.fail(error, headers(call));
    this.#controller?.abort(error);
  }

  /** Ends the call of a client that has closed the connection; nothing happens when it is over already. */
  clientGone(): void {
    if (this.#over) return;
    const { call } = this.#passage;
    call.status = CLIENT_CLOSED;
    call.failure = {
      code: String(CLIENT_CLOSED),
      class: 'ClientDisconnected',
      message: 'The client closed the connection before the answer was complete',
    };
    this.#finish();
    this.#controller?.abort(new Error('the client closed the connection'));
  }

  #finish(): void {
    const { call, finished } = this.#passage;
    this.#over = true;
    if (call.endedAt === 0) call.endedAt = this.#deps.now();
    try {
      if (this.#stream !== null) this.#settleStream(this.#stream);
    } finally {
      finished(call);
    }
  }

  /** What was streamed is billed also when nobody waited for its end: by count of chunks where no usage came. */
  #settleStream(stream: SseSplice): void {
    const { call } = this.#passage;
    call.responseId = stream.responseId;
    settle(call, stream.usage);
    if (call.usage === null && stream.chunks > 0) this.#settleEstimate(stream.chunks);
  }

  #tokenizer() {
    return this.#deps.tokenizers.loaded(this.#passage.call.deployment.upstreamModel);
  }

  #settleEstimate(completionTokens: number): void {
    const { call, messages } = this.#passage;
    const unreported = { model: call.deployment.upstreamModel, messages: messages(), completionTokens };
    settle(call, estimatedUsage(unreported, this.#tokenizer()));
    call.estimated = true;
  }
}
