const HEAD_END = '\r\n\r\n';

/** A complete request found at the start of what a connection has received. */
export interface Request {
  /** Bytes it takes, head and body. */
  readonly bytes: number;
  readonly streamed: boolean;
  readonly wantsUsage: boolean;
}

/**
 * Finds the first complete request in the text, or undefined while some of it is missing.
 * It reads only what the fake provider needs, and both ways in which a body's end can be told.
 */
export function readRequest(text: string): Request | undefined {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const bodyStart = headEnd + HEAD_END.length;
  const bytes = bodyEnd(text, headEnd, bodyStart);
  if (bytes === undefined || text.length < bytes) return undefined;
  const streamed = /"stream":\s*true/.test(text.slice(bodyStart, bytes));
  return { bytes, streamed, wantsUsage: streamed && /"include_usage":\s*true/.test(text) };
}

function bodyEnd(text: string, headEnd: number, bodyStart: number): number | undefined {
  const length = /\r\ncontent-length: *(\d+)/i.exec(text);
  if (length !== null && length.index < headEnd) return bodyStart + Number(length[1]);
  const chunked = /\r\ntransfer-encoding: *chunked/i.exec(text);
  if (chunked === null || chunked.index >= headEnd) return bodyStart;
  const end = text.indexOf('0\r\n\r\n', bodyStart);
  return end < 0 ? undefined : end + '0\r\n\r\n'.length;
}
