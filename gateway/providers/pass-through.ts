import { keptAnswer } from '../accounting/content/content.ts';
import { StreamDrafts } from '../accounting/draft.ts';
import { type Produced, textsOf } from '../accounting/estimate.ts';
import type { CollectedBody } from '../http/collected-body.ts';
import type { GatewayError } from '../http/errors.ts';
import { toGatewayError } from '../http/failure.ts';
import { limits } from '../http/limits.ts';
import type { Deployment } from '../routing/deployment.ts';
import { answerBody } from './answer-body.ts';
import { passHeaders } from './answer-headers.ts';
import { CallEnd, type Outcome } from './call-end.ts';
import { readChatAnswer } from './chat-answer.ts';
import { ClientStream } from './client-stream.ts';
import type { AnswerHeaders } from './http/answer-parser.ts';
import type { AnswerHandler, Sending } from './http/exchange.ts';
import type { Passage, PassThroughDeps } from './passage.ts';
import {
  answeredError,
  answerTooLarge,
  connectionError,
  garbled,
  neverSent,
  streamError,
} from './provider-errors.ts';
import type { Remainder } from './remainders.ts';
import { SseSplice, StreamFault } from './sse-splice.ts';

/** What a provider may still send behind the end of its stream, so that its connection can be used again. */
const MOST_BYTES_BEHIND = 16 * 1024;
const NO_ANSWER: AnswerHeaders = new Map();
const NOTHING: Produced = { texts: [], atLeast: 0 };

/**
 * Carries one call to a provider and its answer back.
 *
 * Waiting for a head -> collecting (an error, or an answer that is not streamed) or streaming -> over. A deployment that could
 * not be reached at all is followed by the next one; nothing is sent twice otherwise. When the client leaves, the answer is
 * read on as a remainder, or ended at once.
 */
export class PassThrough implements AnswerHandler {
  readonly #deps: PassThroughDeps;
  readonly #passage: Passage;
  readonly #client: ClientStream;
  readonly #end: CallEnd;
  readonly #drafts: StreamDrafts;
  /** Null until the call is on its way: before that nobody has it. */
  #sending: Sending | null = null;
  #status = 0;
  #upstreamHeaders: AnswerHeaders = NO_ANSWER;
  #collected: CollectedBody | null = null;
  #stream: SseSplice | null = null;
  #remainder: Remainder | null = null;
  #behind = 0;

  constructor(deps: PassThroughDeps, passage: Passage) {
    this.#deps = deps;
    this.#passage = passage;
    this.#client = new ClientStream(passage, deps.timers);
    this.#end = new CallEnd(deps, passage, () => this.#remainder?.end());
    this.#drafts = new StreamDrafts(passage.call.startedAt, passage.call.bound.completion);
  }

  /** Sends the call to its current deployment. */
  start(): void {
    if (this.#end.over) return;
    this.#sending = null;
    const { call, bodyFor } = this.#passage;
    const { deployment, streamed } = call;
    const timeoutMs = streamed ? deployment.streamTimeoutMs : deployment.timeoutMs;
    this.#guarded(() => {
      const { chat: destination } = deployment;
      if (destination === null) throw new Error(`the deployment ${deployment.id} has no address`);
      this.#deps.dispatcher.dispatch({ destination, body: bodyFor(deployment), timeoutMs }, this);
    });
  }

  onRequestStart(sending: Sending): void {
    this.#sending = sending;
    if (this.#end.over) sending.abort();
  }

  onResponseStart(status: number, headers: AnswerHeaders): void {
    if (this.#end.over) return;
    this.#status = status;
    this.#upstreamHeaders = headers;
    this.#guarded(() => {
      const body = answerBody(status, headers, this.#passage.call);
      if (body instanceof SseSplice) this.#stream = body;
      else this.#collected = body;
    });
  }

  onResponseData(piece: Buffer): void {
    this.#remainder?.read(piece.length);
    const stream = this.#stream;
    if (this.#end.over) this.#readBehind(piece.length);
    else if (stream !== null) this.#guarded(() => this.#pass(stream, stream.push(piece)));
    else this.#collected?.push(piece);
  }

  /** Reads what comes behind the end, up to what is worth a connection. */
  #readBehind(bytes: number): void {
    this.#behind += bytes;
    if (this.#behind > MOST_BYTES_BEHIND) this.#sending?.abort();
  }

  onResponseEnd(): void {
    if (this.#end.over) return;
    this.#guarded(() => {
      if (this.#status >= 300) this.#refuse();
      else if (this.#stream !== null) this.#complete(this.#stream.end());
      else this.#answer();
    });
  }

  onResponseError(error: Error): void {
    if (this.#end.over) return;
    if (this.#status === 0 && !this.#end.clientGone && neverSent(error)) this.#moveOn(error);
    else this.#fail(connectionError(this.#passage.call.deployment.provider, error));
  }

  /** Goes on with the next deployment, after one that could not be reached. */
  #moveOn(error: Error): void {
    // On its way to nobody: a client that leaves now ends the call.
    this.#sending = null;
    const next = this.#passage.next();
    if (next instanceof Promise) void next.then((found) => this.#follow(found, error));
    else this.#follow(next, error);
  }

  #follow(next: Deployment | null, error: Error): void {
    if (this.#end.over) return;
    const { call, draft } = this.#passage;
    if (next === null) {
      this.#fail(connectionError(call.deployment.provider, error));
      return;
    }
    call.retries++;
    call.deployment = next;
    draft(call, call.bound.completion);
    this.start();
  }

  /** Runs a step of the answer; what it throws ends the call. */
  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      const { call } = this.#passage;
      const inStream = error instanceof StreamFault;
      this.#fail(
        inStream ? streamError(error, call.deployment) : toGatewayError(error, call.id, this.#deps.logger),
      );
    }
  }

  /** Hands on a piece of a stream, of which it may be the last. */
  #pass(stream: SseSplice, piece: Buffer): void {
    const due = this.#drafts.due(stream.text.tokens, this.#deps.timers.now());
    if (due !== null) this.#passage.draft(this.#passage.call, due);
    if (stream.done) this.#complete(piece);
    else this.#forward(piece);
  }

  #forward(piece: Buffer): void {
    if (piece.length === 0 || this.#end.clientGone) return;
    this.#client.begin(this.#upstreamHeaders);
    this.#client.write(piece, this.#sending);
  }

  /** Ends the stream with its last piece, once the call is recorded. */
  #complete(last: Buffer): void {
    if (!this.#end.clientGone) this.#client.begin(this.#upstreamHeaders);
    const outcome = this.#outcome((said) => said);
    const { call } = this.#passage;
    call.answered = this.#stream?.transcript?.answer({ ...outcome, model: call.modelGroup }) ?? null;
    this.#end.succeed(outcome, () => this.#client.end(last));
    // Nobody waits for the client any more: what the provider still sends is read, so that its connection can be used again.
    this.#sending?.resume();
  }

  #answer(): void {
    const { call, client, tellHeaders } = this.#passage;
    const { provider, apiKey } = call.deployment;
    const collected = this.#collected as CollectedBody;
    if (collected.overflown) throw garbled(provider, `answered more than ${limits.bodyBytes} bytes`);
    const answer = readChatAnswer(collected.bytes(), { provider, apiKey, model: call.modelGroup });
    const now = this.#deps.timers.now();
    call.firstByteAt = now;
    call.endedAt = now;
    const { responseId, usage } = answer;
    const produced = (): Produced => ({ texts: textsOf(answer.choices()), atLeast: 0 });
    const outcome: Outcome = { responseId, usage, produced };
    const { maxAnswerBytes } = this.#deps;
    if (maxAnswerBytes !== null && collected.size > maxAnswerBytes) {
      // The provider has its money for it all the same.
      this.#end.fail(answerTooLarge(provider, maxAnswerBytes), outcome);
      return;
    }
    const { content, textLength } = call.keeping;
    if (content === 'content') call.answered = keptAnswer(answer.body, textLength);
    this.#end.succeed(outcome, () => {
      const headers = new Map([['content-type', 'application/json']]);
      passHeaders(this.#upstreamHeaders, headers);
      tellHeaders(call, headers);
      client.send(headers, answer.body);
    });
  }

  /** What is known of a stream, or of an answer of which nothing has been read. */
  #outcome(produced: (said: Produced) => Produced | null): Outcome {
    const { responseId = null, usage = null } = this.#stream ?? {};
    return { responseId, usage, produced: () => produced(this.#stream?.text.produced() ?? NOTHING) };
  }

  /** The provider has answered with an error, which is the client's. */
  #refuse(): void {
    const text = (this.#collected as CollectedBody).bytes().toString();
    const answer = { status: this.#status, headers: this.#upstreamHeaders, text };
    throw answeredError(answer, this.#passage.call.deployment);
  }

  #fail(error: GatewayError): void {
    // A provider that fails is paid for what it has read only where it has begun to speak.
    const outcome = this.#outcome((said) => (this.#stream?.begun ? said : null));
    this.#end.fail(error, outcome);
    this.#sending?.abort();
  }

  /**
   * The client has closed the connection: what the provider still sends is read for its usage, where that may be, or is
   * ended. `recorded` is called once the call is over and recorded.
   */
  clientGone(recorded: () => void): void {
    this.#end.leave(recorded);
    if (this.#end.over) return;
    const { remainders } = this.#deps;
    if (this.#sending !== null) this.#remainder = remainders.begin(this.#passage.call, () => this.#cut());
    if (this.#remainder === null) this.#cut();
    else this.#sending?.resume();
  }

  /** Ends a call that may not go on: the client is told why, and pays for what was produced. */
  revoke(reason: GatewayError): void {
    if (this.#end.over) return;
    this.#end.fail(reason, this.#cutOutcome());
    this.#sending?.abort();
  }

  /** Ends an answer that nobody waits for. */
  #cut(): void {
    if (this.#end.over) return;
    this.#end.abandon(this.#cutOutcome());
    this.#sending?.abort();
  }

  /** What an answer that is cut costs: a provider that is not about to refuse the call has read its prompt. */
  #cutOutcome(): Outcome {
    const read = this.#sending !== null && this.#status < 300;
    return this.#outcome((said) => (read ? said : null));
  }
}
