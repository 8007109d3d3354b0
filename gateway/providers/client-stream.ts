import type { Timers } from '../accounting/timers.ts';
import { passHeaders } from './answer-headers.ts';
import type { AnswerHeaders } from './http/answer-parser.ts';
import type { Sending } from './http/exchange.ts';
import type { Passage } from './passage.ts';

/** The client's side of a streamed answer: its head, and no more of its pieces than the client reads. */
export class ClientStream {
  readonly #passage: Passage;
  readonly #timers: Timers;

  constructor(passage: Passage, timers: Timers) {
    this.#passage = passage;
    this.#timers = timers;
  }

  /** Sends the head, unless that is done. */
  begin(upstreamHeaders: AnswerHeaders): void {
    const { call, client, tellHeaders } = this.#passage;
    if (client.begun) return;
    call.firstByteAt = this.#timers.now();
    const headers = new Map([
      ['content-type', 'text/event-stream'],
      ['cache-control', 'no-cache'],
      ['x-accel-buffering', 'no'],
    ]);
    passHeaders(upstreamHeaders, headers);
    tellHeaders(call, headers);
    client.begin(headers);
  }

  /** Sends a piece; the provider waits while the client reads too slowly. */
  write(piece: Buffer, provider: Sending | null): void {
    const { client } = this.#passage;
    if (client.write(piece)) return;
    provider?.pause();
    client.onDrain(() => provider?.resume());
  }

  end(last: Buffer): void {
    const { client } = this.#passage;
    client.write(last);
    client.end();
  }
}
