import type { CallReply } from '../../http/call-reply.ts';
import { GatewayError } from '../../http/errors.ts';

/** Takes the answer of a call that the gateway makes of its own accord: only whether it came is kept, and why it did not. */
export class ProbeReply implements CallReply {
  readonly #answered = Promise.withResolvers<GatewayError | null>();
  readonly #closed: ((whole: boolean) => void)[] = [];
  #over = false;
  begun = false;

  /** Null when the call was answered. */
  get answer(): Promise<GatewayError | null> {
    return this.#answered.promise;
  }

  onClose(closed: (whole: boolean) => void): void {
    this.#closed.push(closed);
  }

  /** Nothing is ever held up here. */
  onDrain(): void {}

  send(): void {
    this.#finish(null);
  }

  begin(): void {
    this.begun = true;
  }

  write(): boolean {
    return true;
  }

  end(): void {
    this.#finish(null);
  }

  fail(error: GatewayError): void {
    this.#finish(error);
  }

  /** Waits no longer, as a client that leaves. */
  leave(waitedMs: number): void {
    const seconds = waitedMs / 1000;
    this.#finish(new GatewayError('upstream_timeout', `There was no answer within ${seconds} s`), false);
  }

  #finish(answer: GatewayError | null, whole = true): void {
    if (this.#over) return;
    this.#over = true;
    for (const closed of this.#closed) closed(whole);
    this.#answered.resolve(answer);
  }
}
