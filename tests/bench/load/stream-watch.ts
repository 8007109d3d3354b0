const NEWLINE = 10;

/** Watches one streamed answer: when its first event came, how many came, and the longest silence between two. */
export class StreamWatch {
  readonly startedMs: number;
  events = 0;
  worstGapMs = 0;
  #firstMs = 0;
  #lastMs = 0;
  #endedInNewline = false;

  constructor(startedMs: number) {
    this.startedMs = startedMs;
  }

  /** Takes a part of the body and returns how many events it completed. An event ends with an empty line. */
  take(body: Buffer, nowMs: number): number {
    const completed = this.#count(body);
    if (completed === 0) return 0;
    if (this.events === 0) this.#firstMs = nowMs;
    else this.worstGapMs = Math.max(this.worstGapMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.events += completed;
    return completed;
  }

  /** How long the first event took; while none has come, how long it has been waited for. */
  untilFirstMs(nowMs: number): number {
    return (this.events === 0 ? nowMs : this.#firstMs) - this.startedMs;
  }

  #count(body: Buffer): number {
    let completed = this.#endedInNewline && body[0] === NEWLINE ? 1 : 0;
    for (let at = body.indexOf('\n\n'); at >= 0; at = body.indexOf('\n\n', at + 2)) completed++;
    this.#endedInNewline = body.at(-1) === NEWLINE && body.at(-2) !== NEWLINE;
    return completed;
  }
}
