/** Collects the pieces of a body up to a limit. */
export class CollectedBody {
  readonly #limitBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Whether more has come than may be kept; what is over the limit is not kept. */
  get overflown(): boolean {
    return this.#bytes > this.#limitBytes;
  }

  /** Bytes that have come. */
  get size(): number {
    return this.#bytes;
  }

  push(piece: Buffer): void {
    this.#bytes += piece.length;
    if (!this.overflown) this.#pieces.push(piece);
  }

  bytes(): Buffer {
    return this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
  }
}
