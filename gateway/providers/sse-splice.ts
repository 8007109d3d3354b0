import type { StreamTranscript } from '../accounting/content/stream-transcript.ts';
import {
  JsonObjectFault,
  type Member,
  memberValue,
  ObjectBeginning,
  type ObjectScan,
  scanObject,
} from './json-object.ts';
import { StreamText } from './stream-text.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const COLON = 0x3a;
const MOST_BEGINNING_BYTES = 1024;
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const DATA = Buffer.from('data:');
const DONE_EVENT = Buffer.from('data: [DONE]\n\n');
const EVENT_END = Buffer.from('\n\n');
const OTHER_FIELD = /^(?:event|id|retry)(?::|$)/;

/** The bytes are no stream of chat chunks, or the provider reports an error in the middle of it. */
export class StreamFault extends Error {
  override readonly name = 'StreamFault';
  /** JSON text of the provider's `error` member, when it sent one. */
  readonly providerError: string | null;

  constructor(message: string, options: { readonly providerError?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.providerError = options.providerError ?? null;
  }
}

export interface SseSpliceOptions {
  /** The name that replaces `model` in every chunk. */
  readonly model: string;
  /** Whether the client sees the chunk that holds nothing but usage. */
  readonly showUsage: boolean;
  /** Gets what is said, where that is to be kept. */
  readonly transcript?: StreamTranscript | null;
}

/**
 * Rewrites a stream of chat chunks line by line without parsing it, at any division into pieces of bytes.
 * Between two pieces it keeps at most the beginning of one line.
 */
export class SseSplice {
  readonly #model: Buffer;
  readonly #showUsage: boolean;
  readonly transcript: StreamTranscript | null;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The blank line behind a dropped event goes too. */
  #dropBlank = false;
  /** The terminator's line, held back until the blank line behind it is there. */
  #terminator: Buffer | null = null;
  #done = false;
  #lastChoices: Buffer | null = null;
  #beginning: ObjectBeginning | null = null;
  /** The last usage object that the provider sent. */
  usage: unknown = null;
  responseId: string | null = null;
  /** What it has said so far. */
  readonly text = new StreamText();

  constructor({ model, showUsage, transcript = null }: SseSpliceOptions) {
    this.#model = Buffer.from(JSON.stringify(model));
    this.#showUsage = showUsage;
    this.transcript = transcript;
  }

  /** The bytes to pass on for a piece of the provider's answer; may be empty. Throws StreamFault. */
  push(piece: Buffer): Buffer {
    const out: Buffer[] = [];
    let from = 0;
    for (;;) {
      const newline = piece.indexOf(NEWLINE, from);
      if (newline === -1) break;
      const end = newline + 1;
      this.#line(this.#whole(piece.subarray(from, end)), out);
      from = end;
    }
    if (from < piece.length) this.#hold(piece.subarray(from));
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  /** Whether a chunk has come, which may have said nothing yet. */
  get begun(): boolean {
    return this.#lastChoices !== null;
  }

  /** Whether the terminator was passed on whole: nothing comes after it. */
  get done(): boolean {
    return this.#done;
  }

  /**
   * The bytes to pass on when the provider has ended its answer: the terminator is added where only that is missing.
   * Throws StreamFault when the answer is incomplete.
   */
  end(): Buffer {
    const out: Buffer[] = [];
    if (this.#heldBytes > 0) {
      this.#line(this.#whole(Buffer.alloc(0)), out);
      if (this.#terminator === null) out.push(EVENT_END);
    }
    if (!this.#done) {
      if (this.#terminator === null && !this.#finished()) throw new StreamFault('ended the stream early');
      out.push(DONE_EVENT);
    }
    return Buffer.concat(out);
  }

  #hold(rest: Buffer): void {
    this.#held.push(rest);
    this.#heldBytes += rest.length;
    if (this.#heldBytes > MAX_LINE_BYTES)
      throw new StreamFault(`sent a line longer than ${MAX_LINE_BYTES} bytes`);
  }

  #whole(end: Buffer): Buffer {
    if (this.#heldBytes === 0) return end;
    const line = Buffer.concat([...this.#held, end]);
    this.#held = [];
    this.#heldBytes = 0;
    return line;
  }

  #line(line: Buffer, out: Buffer[]): void {
    let end = line.length;
    if (line[end - 1] === NEWLINE) end--;
    if (line[end - 1] === RETURN) end--;
    if (end === 0) {
      this.#blank(line, out);
    } else if (line[0] === COLON) {
      out.push(line);
    } else if (line.length >= DATA.length && DATA.compare(line, 0, DATA.length) === 0) {
      this.#data(line, end, out);
    } else if (OTHER_FIELD.test(line.toString('latin1', 0, Math.min(end, 16)))) {
      out.push(line);
    } else {
      throw new StreamFault('sent something that is no event stream');
    }
  }

  #blank(line: Buffer, out: Buffer[]): void {
    if (this.#terminator !== null && !this.#done) {
      out.push(this.#terminator);
      this.#done = true;
    }
    if (!this.#dropBlank) out.push(line);
    this.#dropBlank = false;
  }

  #data(line: Buffer, end: number, out: Buffer[]): void {
    const value = line.subarray(DATA.length, end);
    if (value.length < 16 && value.toString().trim() === '[DONE]') {
      this.#terminator = line;
      return;
    }
    const scan = this.#scan(value);
    this.#note(scan);
    if (this.#onlyUsage(scan) && !this.#showUsage) {
      this.#dropBlank = true;
      return;
    }
    const model = scan.find('model');
    if (model === undefined) out.push(line);
    else this.#replace(line, model, out);
  }

  #scan(value: Buffer): ObjectScan {
    try {
      return this.#beginning?.scan(value) ?? this.#scanAnother(value);
    } catch (cause) {
      if (!(cause instanceof JsonObjectFault)) throw cause;
      throw new StreamFault('sent an event that is not JSON', { cause });
    }
  }

  /** Chunks of one stream differ from their choices on: what stands before these is looked at once. */
  #scanAnother(value: Buffer): ObjectScan {
    const scan = scanObject(value);
    const choices = scan.find('choices');
    if (choices !== undefined && choices.valueStart <= MOST_BEGINNING_BYTES) {
      this.#beginning = new ObjectBeginning(scan, choices);
    }
    return scan;
  }

  #replace(line: Buffer, { valueStart, valueEnd }: Member, out: Buffer[]): void {
    out.push(line.subarray(0, DATA.length + valueStart), this.#model, line.subarray(DATA.length + valueEnd));
  }

  #note(scan: ObjectScan): void {
    const error = scan.find('error');
    if (error !== undefined && !isNull(scan, error)) {
      throw new StreamFault('reported an error', {
        providerError: scan.bytes.toString('utf8', error.valueStart, error.valueEnd),
      });
    }
    if (this.responseId === null) this.responseId = textOf(scan, 'id');
    const usage = scan.find('usage');
    if (usage !== undefined && !isNull(scan, usage)) this.usage = jsonOf(scan, usage);
    const choices = scan.find('choices');
    if (choices !== undefined && !isEmptyList(scan, choices)) {
      this.#lastChoices = scan.bytes.subarray(choices.valueStart, choices.valueEnd);
      this.text.add(this.#lastChoices);
      this.transcript?.add(this.#lastChoices);
    }
  }

  #onlyUsage(scan: ObjectScan): boolean {
    const usage = scan.find('usage');
    const choices = scan.find('choices');
    if (usage === undefined || isNull(scan, usage)) return false;
    return choices === undefined || isEmptyList(scan, choices);
  }

  /** Whether the last chunk said why it was the last. */
  #finished(): boolean {
    if (this.#lastChoices === null) return false;
    let choices: unknown;
    try {
      choices = JSON.parse(this.#lastChoices.toString());
    } catch {
      return false;
    }
    return Array.isArray(choices) && choices.some((choice) => typeof choice?.finish_reason === 'string');
  }
}

function isNull({ bytes }: ObjectScan, { valueStart }: Member): boolean {
  return bytes[valueStart] === 0x6e;
}

function isEmptyList({ bytes }: ObjectScan, { valueStart, valueEnd }: Member): boolean {
  return (
    valueEnd - valueStart < 16 && bytes.toString('latin1', valueStart, valueEnd).replaceAll(' ', '') === '[]'
  );
}

function jsonOf(scan: ObjectScan, member: Member): unknown {
  try {
    return memberValue(scan, member);
  } catch (cause) {
    throw new StreamFault('sent an event that is not JSON', { cause });
  }
}

function textOf(scan: ObjectScan, name: string): string | null {
  const member = scan.find(name);
  const value = member === undefined ? null : jsonOf(scan, member);
  return typeof value === 'string' && value !== '' ? value : null;
}
