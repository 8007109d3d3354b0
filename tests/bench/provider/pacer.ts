import type { Socket } from 'node:net';
import { answers, EVENT_GAP_MS, EVENTS_PER_STREAM } from './answers.ts';

interface Stream {
  readonly socket: Socket;
  readonly middle: Buffer;
  readonly last: Buffer;
  sent: number;
}

/**
 * Sends the events of all streams at their pace. One wheel with a slot per millisecond of the gap: a
 * stream stays in the slot in which it began, so hundreds of them cost one timer and never bunch up.
 */
export class Pacer {
  readonly #slots: Set<Stream>[] = Array.from({ length: EVENT_GAP_MS }, () => new Set());
  #streams = 0;
  #nextTick = 0;

  /** Sends the first event now and the others after it. */
  begin(socket: Socket, id: number, wantsUsage: boolean): void {
    if (this.#streams === 0) this.#wake();
    const last = (wantsUsage ? answers.lastWithUsage : answers.last).with(id);
    const stream = { socket, middle: answers.middle.with(id), last, sent: 1 };
    // The slot that was served last comes round again after a whole gap.
    this.#slot(this.#nextTick - 1).add(stream);
    this.#streams++;
    socket.write(answers.first.with(id));
  }

  #slot(tick: number): Set<Stream> {
    return this.#slots[tick % EVENT_GAP_MS] as Set<Stream>;
  }

  #wake(): void {
    this.#nextTick = Math.floor(performance.now()) + 1;
    setTimeout(() => this.#tick(), 1);
  }

  #tick(): void {
    for (const now = performance.now(); this.#nextTick <= now; this.#nextTick++) this.#serve();
    if (this.#streams > 0) setTimeout(() => this.#tick(), 1);
  }

  #serve(): void {
    const slot = this.#slot(this.#nextTick);
    for (const stream of slot) {
      stream.sent++;
      const ends = stream.sent === EVENTS_PER_STREAM;
      if (!stream.socket.destroyed) stream.socket.write(ends ? stream.last : stream.middle);
      if (!ends && !stream.socket.destroyed) continue;
      slot.delete(stream);
      this.#streams--;
    }
  }
}
