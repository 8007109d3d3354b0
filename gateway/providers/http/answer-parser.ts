import { HEADER_NAME } from './header-name.ts';

/** Names in lower case; of one that stands more than once the values stand behind each other, by commas. */
export type AnswerHeaders = ReadonlyMap<string, string>;

/** Gets an answer as it is read. */
export interface AnswerSink {
  head(status: number, headers: AnswerHeaders): void;
  data(piece: Buffer): void;
  end(): void;
}

/** The bytes are no answer of HTTP/1.1, or one that could be read in two ways. */
export class AnswerFault extends Error {
  override readonly name = 'AnswerFault';
  readonly code = 'GARBLED';
}

const MOST_HEAD_BYTES = 64 * 1024;
/** Of the line before a chunk, whose extensions nobody reads. */
const MOST_LINE_BYTES = 4096;
const MOST_INTERIM = 20;
const HEAD_END = Buffer.from('\r\n\r\n');
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: .*)?$/;
/** What no header may hold: control characters but tabs. */
const CONTROL = /(?!\t)\p{Cc}/u;
const LENGTH = /^\d{1,15}$/;
const KEEP_ALIVE_SECONDS = /(?:^|[,\s])timeout=(\d{1,6})/i;

type State = 'head' | 'counted' | 'to the end' | 'size' | 'chunk' | 'chunk end' | 'trailer' | 'over';

/** The value of a hexadecimal digit; -1 for another character. */
function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Bytes of the chunk that the line announces. */
function chunkSize(line: Buffer): number {
  let size = 0;
  let at = 0;
  for (; at < line.length; at++) {
    const value = digit(line[at] as number);
    if (value === -1) break;
    size = size * 16 + value;
  }
  const next = line[at];
  const ends = next === undefined || next === SEMICOLON || next === SPACE || next === TAB;
  if (at === 0 || at > 13 || !ends) throw new AnswerFault('the size of a chunk is none');
  return size;
}

function readHeader(line: string, into: Map<string, string>): void {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon)).toLowerCase();
  if (!HEADER_NAME.test(name)) throw new AnswerFault('a line of the head is no header');
  const value = line.slice(colon + 1).trim();
  const before = into.get(name);
  into.set(name, before === undefined ? value : `${before}, ${value}`);
}

/**
 * Reads one answer to a POST at any division into pieces: RFC 9112. It is stricter than that: an answer with two lengths, with
 * bare line feeds or with a transfer coding besides `chunked` is a fault, not something to be guessed at.
 */
export class AnswerParser {
  readonly #sink: AnswerSink;
  #state: State = 'head';
  /** The beginning of a head or of a line that has not come whole. */
  #held: Buffer | null = null;
  #interim = 0;
  /** Bytes of the body, the chunk, or the trailer's allowance that are still to come. */
  #left = 0;
  #reusable = false;
  #idleMs: number | null = null;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  /** Whether another request may be sent on the connection, once the answer is over. */
  get reusable(): boolean {
    return this.#reusable;
  }

  /** How long the provider keeps a connection that nobody uses; null when it does not say. */
  get idleMs(): number | null {
    return this.#idleMs;
  }

  /** What comes from now on is not read: nobody wants it. */
  stop(): void {
    this.#state = 'over';
    this.#reusable = false;
  }

  /** The pieces that the sink gets are parts of `piece`. Throws AnswerFault. */
  read(piece: Buffer): void {
    let at = 0;
    while (at < piece.length && this.#state !== 'over') at = this.#step(piece, at);
    // Nothing was asked behind this answer: whatever it is, it must not be taken for the next one.
    if (at < piece.length) this.#reusable = false;
  }

  /** The provider has closed the connection: the end of an answer without a length. Returns false when one is missing. */
  close(): boolean {
    if (this.#state === 'to the end') this.#end();
    return this.#state === 'over';
  }

  #step(piece: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(piece, at);
      case 'counted':
      case 'chunk':
        return this.#counted(piece, at);
      case 'to the end':
        this.#sink.data(at === 0 ? piece : piece.subarray(at));
        return piece.length;
      case 'size':
        return this.#line(piece, at, MOST_LINE_BYTES, (line) => this.#size(line));
      case 'chunk end':
        return this.#line(piece, at, 0, () => {
          this.#state = 'size';
        });
      case 'trailer':
        return this.#line(piece, at, this.#left, (line) => this.#trailer(line));
      case 'over':
        return piece.length;
    }
  }

  #end(): void {
    this.#state = 'over';
    this.#sink.end();
  }

  #head(piece: Buffer, at: number): number {
    const held = this.#held?.length ?? 0;
    const bytes = this.#held === null ? piece.subarray(at) : Buffer.concat([this.#held, piece.subarray(at)]);
    const end = bytes.indexOf(HEAD_END);
    if ((end === -1 ? bytes.length : end) > MOST_HEAD_BYTES) throw new AnswerFault('its head is too long');
    if (end === -1) {
      this.#held = bytes;
      return piece.length;
    }
    this.#held = null;
    this.#readHead(bytes.toString('utf8', 0, end));
    return at + end + HEAD_END.length - held;
  }

  #readHead(text: string): void {
    const [first = '', ...lines] = text.split('\r\n');
    const [, minor, digits] = STATUS_LINE.exec(first) ?? [];
    if (digits === undefined) throw new AnswerFault('it does not begin with a status line');
    const headers = new Map<string, string>();
    for (const line of lines) {
      if (CONTROL.test(line)) throw new AnswerFault('a header holds a control character');
      readHeader(line, headers);
    }
    const status = Number(digits);
    if (status >= 200) this.#final(status, headers, minor === '1');
    else if (status === 101 || ++this.#interim > MOST_INTERIM) {
      throw new AnswerFault(`it was answered ${status}, which was not asked for`);
    }
  }

  #final(status: number, headers: AnswerHeaders, persistent: boolean): void {
    const body = this.#framing(status, headers, persistent);
    const closes = /(?:^|,)\s*close\s*(?:,|$)/i.test(headers.get('connection') ?? '');
    this.#reusable = persistent && !closes && body !== 'to the end';
    const seconds = KEEP_ALIVE_SECONDS.exec(headers.get('keep-alive') ?? '')?.[1];
    this.#idleMs = seconds === undefined ? null : Number(seconds) * 1000;
    this.#state = body;
    this.#sink.head(status, headers);
    if (this.#state === 'counted' && this.#left === 0) this.#end();
  }

  /** RFC 9112 6.3, for an answer to a POST. */
  #framing(status: number, headers: AnswerHeaders, persistent: boolean): State {
    const coding = headers.get('transfer-encoding');
    const length = headers.get('content-length');
    if (status === 204 || status === 304) return 'counted';
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked' || length !== undefined || !persistent)
        throw new AnswerFault('its length can be read in two ways');
      return 'size';
    }
    if (length === undefined) return 'to the end';
    if (!LENGTH.test(length)) throw new AnswerFault('its length is no number');
    this.#left = Number(length);
    return 'counted';
  }

  #counted(piece: Buffer, at: number): number {
    const end = Math.min(piece.length, at + this.#left);
    this.#left -= end - at;
    const last = this.#left === 0;
    const chunked = this.#state === 'chunk';
    if (last && chunked) this.#state = 'chunk end';
    this.#sink.data(piece.subarray(at, end));
    if (last && !chunked && this.#state !== 'over') this.#end();
    return end;
  }

  /** Takes a line, without its end, of at most so many bytes. */
  #line(piece: Buffer, at: number, most: number, take: (line: Buffer) => void): number {
    const newline = piece.indexOf(NEWLINE, at);
    const end = newline === -1 ? piece.length : newline + 1;
    const rest = piece.subarray(at, end);
    const line = this.#held === null ? rest : Buffer.concat([this.#held, rest]);
    if (line.length > most + 2) throw new AnswerFault('a line between its chunks is too long');
    if (newline === -1) {
      // A view would keep the whole piece.
      this.#held = Buffer.from(line);
      return end;
    }
    this.#held = null;
    if (line[line.length - 2] !== RETURN) throw new AnswerFault('a line between its chunks has a wrong end');
    take(line.subarray(0, -2));
    return end;
  }

  #size(line: Buffer): void {
    this.#left = chunkSize(line);
    if (this.#left > 0) {
      this.#state = 'chunk';
      return;
    }
    this.#left = MOST_HEAD_BYTES;
    this.#state = 'trailer';
  }

  /** What stands in a trailer nobody reads. */
  #trailer(line: Buffer): void {
    if (line.length === 0) this.#end();
    else this.#left -= line.length;
  }
}
