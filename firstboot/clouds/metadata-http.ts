import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { urlHost } from '../addresses.ts';
import type { Clock } from './clock.ts';
import { MetadataError } from './metadata-error.ts';

const MAX_ANSWER_BYTES = 1024 * 1024;
const HTTP = 80;

/** Where a metadata service answers. */
export interface Endpoint {
  /** An address, never a name: nobody's resolver is asked. A link-local one of IPv6 with `%` and the interface. */
  readonly host: string;
  /** Unset: 80. */
  readonly port?: number;
}

export interface Question {
  /** Unset: GET. */
  readonly method?: 'GET' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A header by which the service shows that it is no other, with its value. */
  readonly answeredWith?: readonly [string, string];
}

/** What a metadata service said: the status, and the body as text. */
export interface MetadataAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface ExchangeLimits {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** For the answer, connection included. */
  readonly signal: AbortSignal;
}

/**
 * Asks a cloud's metadata service once. It is always reached directly: the connection is its own, knows no proxy and
 * follows no redirect. Throws MetadataError when nobody connects in time, the answer breaks off or is larger than a
 * mebibyte.
 */
export async function askMetadata(
  { host, port = HTTP }: Endpoint,
  { method = 'GET', path, headers }: Question,
  { clock, connectTimeoutMs, signal }: ExchangeLimits,
): Promise<MetadataAnswer> {
  using connecting = clock.limit(connectTimeoutMs);
  const [address = host] = host.split('%', 1);
  const asking = request({
    ...{ host, port, method, path, agent: false },
    // An interface means something on this machine alone.
    headers: { ...headers, host: `${urlHost(address)}${port === HTTP ? '' : `:${port}`}` },
    signal: AbortSignal.any([signal, connecting.signal]),
  });
  let connected = false;
  asking.once('socket', (socket) =>
    socket.once('connect', () => {
      connected = true;
      connecting[Symbol.dispose]();
    }),
  );
  try {
    const response = await answerTo(asking);
    return { status: response.statusCode ?? 0, headers: response.headers, text: await textOf(response) };
  } catch (cause) {
    if (cause instanceof MetadataError) throw cause;
    if (!connected) throw new MetadataError('not reachable', { nobodyThere: true, cause });
    const why = signal.aborted ? 'no answer in time' : 'the answer broke off';
    throw new MetadataError(why, { worthRetrying: true, cause });
  } finally {
    asking.destroy();
  }
}

async function answerTo(asking: ClientRequest): Promise<IncomingMessage> {
  asking.end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new MetadataError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
