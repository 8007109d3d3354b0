const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '\r\n0\r\n\r\n';

/**
 * Follows one HTTP/1.1 answer to its end without decoding it. A chunked body is over when its last chunk has
 * come; the bodies measured here are JSON text, in which a bare CRLF cannot stand.
 */
export class AnswerReader {
  /** 0 until the head has been read. */
  status = 0;
  ended = false;
  #head = '';
  #tail = '';
  /** Bytes of the body still to come; NaN when the body is chunked. */
  #missing = 0;

  /** Takes what was received and returns the part that belongs to the body, chunk framing included. */
  push(bytes: Buffer): Buffer {
    const body = this.status === 0 ? this.#readHead(bytes) : bytes;
    if (this.status !== 0) this.#follow(body);
    return body;
  }

  #readHead(bytes: Buffer): Buffer {
    const seen = this.#head.length;
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return bytes.subarray(bytes.length);
    const head = this.#head.slice(0, end);
    this.status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    this.#missing = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    // The CRLF that ends the head may also open the last chunk of an empty body.
    this.#tail = '\r\n';
    return bytes.subarray(end + HEAD_END.length - seen);
  }

  #follow(body: Buffer): void {
    if (!Number.isNaN(this.#missing)) {
      this.#missing -= body.length;
      this.ended = this.#missing <= 0;
      return;
    }
    const recent = body.length >= LAST_CHUNK.length ? body.subarray(-LAST_CHUNK.length) : body;
    this.#tail = (this.#tail + recent.toString('latin1')).slice(-LAST_CHUNK.length);
    this.ended = this.#tail === LAST_CHUNK;
  }
}
