/** LiteLLM keeps so much of a text from its beginning; the rest from its end, where the question stands. */
const BEGINNING = 0.35;

/** What stands where something was left out, in LiteLLM's words: its readers look for them. */
export function leftOut(count: number, unit: 'bytes' | 'chars'): string {
  return `... (litellm_truncated skipped ${count} ${unit}) ...`;
}

/** A text of which beginning and end are kept while it grows, however long it becomes. Lengths are UTF-16 units. */
export class ClippedText {
  readonly #most: number;
  readonly #beginning: number;
  #kept = '';
  #length = 0;

  constructor(most: number) {
    this.#most = most;
    this.#beginning = Math.floor(BEGINNING * most);
  }

  add(piece: string): void {
    this.#length += piece.length;
    this.#kept += piece;
    // Not at each piece: what is cut has to be copied.
    if (this.#kept.length > 4 * this.#most) this.#kept = this.#first + this.#last;
  }

  get #first(): string {
    return this.#kept.slice(0, this.#beginning);
  }

  get #last(): string {
    return this.#kept.slice(this.#kept.length - (this.#most - this.#beginning));
  }

  /** All of it when it is short enough. Well-formed also where a surrogate pair was cut. */
  toString(): string {
    const shown =
      this.#length <= this.#most
        ? this.#kept
        : this.#first + leftOut(this.#length - this.#most, 'chars') + this.#last;
    return shown.toWellFormed();
  }
}

/** A text of at most so many characters, or its beginning and its end with a mark between them. */
export function clippedText(text: string, most: number): string {
  const clipped = new ClippedText(most);
  clipped.add(text);
  return clipped.toString();
}
