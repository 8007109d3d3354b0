import { crc32 } from 'node:zlib';

/** CRC-32 of what follows it, then the payload's length in bytes; both 32 bits, little-endian. Then the payload. */
const HEADER_BYTES = 8;
const LENGTH_AT = 4;
const MOST_BYTES_PER_CHARACTER = 3;
const FIRST_CAPACITY = 64 * 1024;

/** Frames that are written in one piece. */
export class FrameBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was added since `clear`; valid until the next `add`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds a frame and returns its size in bytes. An empty payload is no frame: zeros mean "not written yet". */
  add(payload: string): number {
    const start = this.#length;
    this.#reserve(start + HEADER_BYTES + payload.length * MOST_BYTES_PER_CHARACTER);
    const bytes = this.#bytes;
    const size = bytes.write(payload, start + HEADER_BYTES);
    if (size === 0) throw new RangeError('a frame needs a payload');
    const end = start + HEADER_BYTES + size;
    bytes.writeUInt32LE(size, start + LENGTH_AT);
    bytes.writeUInt32LE(crc32(bytes.subarray(start + LENGTH_AT, end)), start);
    this.#length = end;
    return end - start;
  }

  /** Takes back everything behind the first `length` bytes. */
  clear(length = 0): void {
    this.#length = length;
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(capacity, this.#bytes.length * 2));
    this.bytes.copy(larger);
    this.#bytes = larger;
  }
}

export interface ReadFrames {
  readonly payloads: readonly string[];
  /** Where the last good frame ends. */
  readonly end: number;
  /** Whether something other than zeros stands there: a frame that was torn by a power cut, or damage. */
  readonly torn: boolean;
}

/** Reads frames up to the first place that holds none. What was never written whole is not returned. */
export function readFrames(bytes: Buffer, from = 0): ReadFrames {
  const payloads: string[] = [];
  let at = from;
  while (at + HEADER_BYTES <= bytes.length) {
    const size = bytes.readUInt32LE(at + LENGTH_AT);
    const end = at + HEADER_BYTES + size;
    if (size === 0 || end > bytes.length) break;
    if (crc32(bytes.subarray(at + LENGTH_AT, end)) !== bytes.readUInt32LE(at)) break;
    payloads.push(bytes.toString('utf8', at + HEADER_BYTES, end));
    at = end;
  }
  const rest = bytes.subarray(at);
  return { payloads, end: at, torn: !rest.equals(Buffer.alloc(rest.length)) };
}
