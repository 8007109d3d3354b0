import type { AnswerHeaders, AnswerSink } from './answer-parser.ts';
import type { Destination } from './destination.ts';

/** A request to a provider. */
export interface ProviderRequest {
  readonly destination: Destination;
  readonly body: Buffer;
  /** Longest silence of the provider, from the request on. */
  readonly timeoutMs: number;
}

/** Who sent a request can hold its answer up, let it go on, and end it: nothing of it is told any more then. */
export interface Sending {
  pause(): void;
  resume(): void;
  abort(): void;
}

/**
 * Hears of a request: that it is on its way, then of its answer. Exactly one of `onResponseEnd` and `onResponseError` is
 * the last, unless it was aborted.
 */
export interface AnswerHandler {
  onRequestStart(sending: Sending): void;
  onResponseStart(status: number, headers: AnswerHeaders): void;
  onResponseData(piece: Buffer): void;
  onResponseEnd(): void;
  onResponseError(error: Error): void;
}

/** What a request can do with the connection that it is on. */
export interface Line {
  pause(): void;
  resume(): void;
  drop(): void;
}

/** One request and its answer. It is on a line from its start to its end; what it is told before and afterwards does nothing. */
export class Exchange implements Sending, AnswerSink {
  readonly request: ProviderRequest;
  readonly #handler: AnswerHandler;
  #line: Line | null = null;
  #over = false;

  constructor(request: ProviderRequest, handler: AnswerHandler) {
    this.request = request;
    this.#handler = handler;
  }

  /** False when it was aborted before anything was sent: the line is as it was. */
  start(line: Line): boolean {
    this.#handler.onRequestStart(this);
    if (this.#over) return false;
    this.#line = line;
    return true;
  }

  pause(): void {
    this.#line?.pause();
  }

  resume(): void {
    this.#line?.resume();
  }

  abort(): void {
    this.#over = true;
    const line = this.#line;
    this.#line = null;
    line?.drop();
  }

  head(status: number, headers: AnswerHeaders): void {
    this.#handler.onResponseStart(status, headers);
  }

  data(piece: Buffer): void {
    this.#handler.onResponseData(piece);
  }

  end(): void {
    this.#over = true;
    this.#line = null;
    this.#handler.onResponseEnd();
  }

  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#line = null;
    this.#handler.onResponseError(error);
  }
}
