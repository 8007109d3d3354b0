import { skipString } from '../../providers/json-object.ts';
import { clippedText, leftOut } from './clip-text.ts';

export interface ClipLimits {
  /** Characters of one text in it. */
  readonly text: number;
  /** Characters of all of it, about: what is begun may exceed it a little. */
  readonly total: number;
}

/** Of a longer text only the beginning is looked at: a picture in base64, most likely. */
const LOOKED_AT_BYTES = 256 * 1024;
/** Tools' schemas are some ten levels deep. */
const DEEPEST = 64;
const LONGEST_SCALAR = 64;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSERS: ReadonlyMap<number, string> = new Map([
  [0x7b, '}'],
  [0x5b, ']'],
]);
const CLOSES = new Set(Buffer.from('}]'));
const endsScalar = (byte: number): boolean => byte <= SPACE || byte === COMMA || CLOSES.has(byte);
/** Whole characters and escapes, as many as there are. */
const WHOLE = /^(?:[^\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*/;

/**
 * Copies JSON text by text, bracket by bracket, until there is enough of it: what it costs depends on what is kept, and
 * hardly on the length of the bytes.
 */
class Clipper {
  readonly #bytes: Buffer;
  readonly #limits: ClipLimits;
  #at = 0;
  #out = '';
  /** What closes the brackets that are open, the innermost last. */
  readonly #closers: string[] = [];

  constructor(bytes: Buffer, limits: ClipLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  run(): string {
    while (this.#at < this.#bytes.length && this.#step());
    return this.#out;
  }

  get #full(): boolean {
    return this.#out.length >= this.#limits.total;
  }

  /** Copies one thing; false when the rest was left out. */
  #step(): boolean {
    const byte = this.#bytes[this.#at] as number;
    const closer = CLOSERS.get(byte);
    if (byte <= SPACE) this.#skipSpace();
    else if (byte === QUOTE) this.#text();
    else if (closer !== undefined) return this.#open(byte, closer);
    else if (byte === COMMA) return this.#next();
    else if (byte === COLON || CLOSES.has(byte)) this.#copy(byte);
    else return this.#scalar();
    return true;
  }

  #skipSpace(): void {
    let at = this.#at;
    while ((this.#bytes[at] ?? QUOTE) <= SPACE) at++;
    this.#at = at;
    // One stays: it may be all that stands between two values, which is a fault.
    this.#out += ' ';
  }

  #copy(byte: number): void {
    if (byte !== COLON) this.#closers.pop();
    this.#out += String.fromCharCode(byte);
    this.#at++;
  }

  #open(byte: number, closer: string): boolean {
    if (this.#full || this.#closers.length === DEEPEST) return this.#stop(JSON.stringify(this.#mark));
    this.#closers.push(closer);
    this.#out += String.fromCharCode(byte);
    this.#at++;
    return true;
  }

  #next(): boolean {
    if (this.#full) {
      const mark = JSON.stringify(this.#mark);
      return this.#stop(this.#closers.at(-1) === '}' ? `,"litellm_truncated":${mark}` : `,${mark}`);
    }
    this.#out += ',';
    this.#at++;
    return true;
  }

  #scalar(): boolean {
    const most = this.#at + LONGEST_SCALAR;
    let end = this.#at;
    while (end <= most && !endsScalar(this.#bytes[end] ?? COMMA)) end++;
    if (end > most) return this.#stop(JSON.stringify(this.#mark));
    this.#out += this.#bytes.toString('latin1', this.#at, end);
    this.#at = end;
    return true;
  }

  #text(): void {
    const end = skipString(this.#bytes, this.#at);
    const most = Math.max(0, Math.min(this.#limits.text, this.#limits.total - this.#out.length));
    this.#out += end - this.#at > LOOKED_AT_BYTES ? this.#beginning(end, most) : this.#whole(end, most);
    this.#at = end;
  }

  #whole(end: number, most: number): string {
    const raw = this.#bytes.toString('utf8', this.#at, end);
    return raw.length - 2 <= most ? raw : JSON.stringify(clippedText(JSON.parse(raw), most));
  }

  #beginning(end: number, most: number): string {
    const from = this.#at + 1;
    const kept = Math.min(most, LOOKED_AT_BYTES);
    const [raw = ''] = WHOLE.exec(this.#bytes.toString('utf8', from, from + kept)) ?? [];
    return JSON.stringify(JSON.parse(`"${raw}"`) + leftOut(end - 1 - from - kept, 'bytes'));
  }

  get #mark(): string {
    return leftOut(this.#bytes.length - this.#at, 'bytes');
  }

  #stop(last: string): false {
    this.#out += last + this.#closers.toReversed().join('');
    return false;
  }
}

/**
 * The JSON of these bytes with few spaces, its long texts clipped, and cut off where it becomes too long; null when it is none,
 * of which only brackets and quotes need to be in order (`scanObject`).
 */
export function clippedJson(bytes: Buffer, limits: ClipLimits): string | null {
  try {
    const text = new Clipper(bytes, limits).run();
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}
