import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import type { MetadataService } from './machine.ts';

const MAX_ANSWER_BYTES = 1024 * 1024;

/** What a metadata service said: the status, and the body as text. */
export interface MetadataAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks a cloud's metadata service once. It is always reached directly: the connection is its own, knows no proxy and
 * follows no redirect. Throws when nobody connects in time, the answer breaks off or is larger than a mebibyte.
 */
export async function askMetadata(
  service: Pick<MetadataService, 'url' | 'connectTimeoutMs'>,
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<MetadataAnswer> {
  const request = get(`${service.url}${path}`, { agent: false, headers, signal });
  const patience = setTimeout(
    () => request.destroy(new Error('no connection in time')),
    service.connectTimeoutMs,
  );
  request.once('socket', (socket) => socket.once('connect', () => clearTimeout(patience)));
  try {
    const response = await answerTo(request);
    return { status: response.statusCode ?? 0, text: await textOf(response) };
  } finally {
    clearTimeout(patience);
    request.destroy();
  }
}

async function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
